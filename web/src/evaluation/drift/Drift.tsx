import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys, type Schemas, useMay } from '../../shared/api';
import { moment } from '../../shared/time';
import { Asked } from '../Asked';
import { Chart } from '../chart/Chart';
import { Rows } from '../Rows';
import { NOTHING, plain } from '../words';
import { Baseline } from './Baseline';
import { courses, type Look, level } from './told';

/** Whether a reader still sees what it saw when its figures were measured: its looks against its baseline. */
export function Drift() {
  const drift = useQuery({
    queryKey: [...keys.evaluation, 'drift'],
    queryFn: ({ signal }) => api.get('/api/v1/drift', { signal }),
  });
  return (
    <section aria-labelledby="evaluation-drift">
      <h2 id="evaluation-drift">Drift</h2>
      <Asked query={drift}>
        {({ readers }) =>
          readers.length === 0 ? (
            <p role="status" className="card">
              Nothing to look at yet: no reader has answered for long enough.
            </p>
          ) : (
            readers.map((one) => <One key={one.reader} one={one} />)
          )
        }
      </Asked>
    </section>
  );
}

function One({ one }: { one: Schemas['DriftReader'] }) {
  const may = useMay('lineup_change');
  const [asking, setAsking] = useState(false);
  const looks = [...one.looks].sort((a, b) => b.until.localeCompare(a.until));
  const last = looks[0];
  return (
    <article aria-labelledby={`drift-${one.reader}`} className="evaluation-one">
      <div className="row">
        <h3 id={`drift-${one.reader}`}>{one.reader}</h3>
        {last && <span className={`evaluation-level evaluation-${last.level}`}>{level(last.level)}</span>}
        {may && (
          <button type="button" onClick={() => setAsking(true)}>
            New baseline…
          </button>
        )}
      </div>
      {one.fingerprint !== null && <p className="meta">fingerprint {one.fingerprint}</p>}
      <p>
        {one.baseline === null
          ? 'It has no baseline yet, so nothing can be said of drift.'
          : `Baseline: ${one.baseline.n} studies from ${moment(one.baseline.since)} to ${moment(one.baseline.until)}, taken by ${one.baseline.by} on ${moment(one.baseline.at)}: ${one.baseline.reason}`}
      </p>
      {last ? <Last look={last} /> : <p className="dim">Nobody has looked yet.</p>}
      {looks.length > 1 && <Courses looks={looks} />}
      {asking && <Baseline reader={one.reader} onClose={() => setAsking(false)} />}
    </article>
  );
}

function Last({ look }: { look: Look }) {
  return (
    <>
      <p className="meta">
        {look.studies} studies from {moment(look.since)} to {moment(look.until)}
      </p>
      <Rows
        name="Table: measures of drift"
        rows={look.measures}
        of={(row) => `${row.kind} ${row.what}`}
        columns={[
          { head: 'What', tell: (row) => `${row.kind}: ${row.what}` },
          { head: 'Level', tell: (row) => <span className={`evaluation-${row.level}`}>{level(row.level)}</span> },
          { head: 'Value', number: true, tell: (row) => plain(row.value) },
          { head: 'Limit', number: true, tell: (row) => plain(row.limit) },
          { head: 'n', number: true, tell: (row) => row.n },
          { head: 'In words', tell: (row) => row.text || NOTHING },
        ]}
      />
    </>
  );
}

function Courses({ looks }: { looks: readonly Look[] }) {
  const told = courses(looks).filter((one) => one.points.length > 1);
  if (told.length === 0) return null;
  return (
    <details>
      <summary>How the measures went over {looks.length} looks</summary>
      <div className="evaluation-charts">
        {told.map((one) => {
          const days = one.points.map(([day]) => day);
          const lines = [{ name: one.name, points: one.points }];
          const limit = one.limit;
          const ends = [Math.min(...days), Math.max(...days)];
          if (limit !== null) lines.push({ name: 'limit', points: ends.map((day) => [day, limit]) });
          return (
            <Chart
              key={one.name}
              title={one.name}
              x={{ name: 'days before the last look', digits: 0 }}
              y={{ name: 'value' }}
              lines={lines}
            />
          );
        })}
      </div>
    </details>
  );
}
