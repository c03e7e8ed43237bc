import { useQuery } from '@tanstack/react-query';
import { memo } from 'react';
import { api, keys } from '../../shared/api';
import { Problem } from '../../shared/Problem';
import { ageWords, type SeriesInfo, type Study, seriesWords, thumbnailOf } from './series';

/** What stands in a viewport. */
export interface Placed {
  study: Study;
  series: SeriesInfo;
}
type Open = (placed: Placed, where: 'here' | 'beside') => void;

/** The series of the study, and the patient's other studies, each to be opened by one click. */
export const Aside = memo(function Aside({ study, open, shown }: { study: Study; open: Open; shown: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: keys.priors(study.study_id),
    queryFn: ({ signal }) =>
      api.get('/api/v1/studies/{study_id}/priors', { path: { study_id: study.study_id }, signal }),
    staleTime: 60_000,
  });
  return (
    <aside className="viewer-aside" aria-label="Series and priors">
      <h2>Series</h2>
      <SeriesOf study={study} open={(series) => open({ study, series }, 'here')} shown={shown} />
      <h2>Priors</h2>
      {isPending && <p className="meta">Loading…</p>}
      {error && <Problem problem={error} />}
      {data?.rows.length === 0 && <p className="meta">No other study of this patient is known here.</p>}
      {data?.rows.map((row) => (
        <Prior key={row.study_id} id={row.study_id} study={study} open={open} shown={shown} />
      ))}
    </aside>
  );
});

function SeriesOf({ study, open, shown }: { study: Study; open: (series: SeriesInfo) => void; shown: string }) {
  if (study.series_list.length === 0) return <p className="meta">This study has no series.</p>;
  return (
    <ul className="viewer-series">
      {study.series_list.map((series, at) => {
        const name = `${series.series_uid ?? at}`;
        const small = thumbnailOf(study, series);
        return (
          <li key={name}>
            <button
              type="button"
              disabled={series.images === 0}
              aria-pressed={shown === placeKey({ study, series })}
              onClick={() => open(series)}
            >
              {small && <img src={small} alt="" loading="lazy" width={56} height={56} />}
              <span className="viewer-series-words">
                <span>{seriesWords(series)}</span>
                <span className="meta">
                  {series.images === 0 ? 'no images' : `${series.images} image${series.images === 1 ? '' : 's'}`}
                </span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

export function placeKey(placed: Placed | null): string {
  return placed ? `${placed.study.study_id} ${placed.series.series_uid ?? ''}` : '';
}

/** A prior, folded until it is wanted: its age comes first. */
function Prior({ id, study, open, shown }: { id: string; study: Study; open: Open; shown: string }) {
  const { data: prior, error } = useQuery({
    queryKey: keys.study(id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}', { path: { study_id: id }, signal }),
    staleTime: 60_000,
  });
  if (error) return <Problem problem={error} />;
  if (!prior) return <p className="meta">Loading…</p>;
  const [first] = prior.series_list.filter((series) => series.images > 0);
  const words = [prior.modalities.join(', '), prior.description].filter(Boolean).join(' · ') || 'study';
  return (
    <details className="viewer-prior-study">
      <summary>
        <strong>{ageWords(prior, study)}</strong>
        <span className="meta">{[prior.study_date, words].filter(Boolean).join(' · ')}</span>
      </summary>
      {first && (
        <button type="button" onClick={() => open({ study: prior, series: first }, 'beside')}>
          Open beside
        </button>
      )}
      <SeriesOf study={prior} open={(series) => open({ study: prior, series }, 'beside')} shown={shown} />
    </details>
  );
}
