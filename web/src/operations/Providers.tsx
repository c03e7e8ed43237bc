import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { dollars, percent, took } from '../shared/figures';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';

/** How each reader did in the last 24 hours. One that was not asked has no rate. */
export function Providers() {
  const providers = useQuery({
    queryKey: [...keys.operations, 'providers'],
    queryFn: ({ signal }) => api.get('/api/v1/ops/providers', { signal }),
  });
  return (
    <section aria-labelledby="operations-providers">
      <h2 id="operations-providers">Readers in the last 24 hours</h2>
      {providers.isError && <Problem problem={providers.error} retry={() => void providers.refetch()} />}
      {providers.isPending && <p role="status">Loading…</p>}
      {providers.data && (
        <Scroll name="Table: readers in the last 24 hours">
          <table>
            <thead>
              <tr>
                <th scope="col">Reader</th>
                <th scope="col">Model</th>
                <th scope="col">Where</th>
                <th scope="col" className="number">
                  Asked
                </th>
                <th scope="col" className="number">
                  Not answered
                </th>
                <th scope="col" className="number">
                  Mean latency
                </th>
                <th scope="col" className="number">
                  Longest
                </th>
                <th scope="col" className="number">
                  Spent
                </th>
                <th scope="col">Last asked</th>
              </tr>
            </thead>
            <tbody>
              {providers.data.readers.map((one) => (
                <Line key={one.reader} one={one} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Line({ one }: { one: Schemas['ReaderHealth'] }) {
  const failed = one.asked - one.answered;
  const spent =
    dollars(one.cost_usd) + (one.unpriced > 0 && one.cost_usd !== null ? ` + ${one.unpriced} unpriced` : '');
  return (
    <tr data-reader={one.reader}>
      <th scope="row">{one.reader}</th>
      <td>{one.model_id ?? '–'}</td>
      <td>{[one.provider, one.host].filter(Boolean).join(', ') || '–'}</td>
      <td className="number">{one.asked}</td>
      <td className={failed > 0 ? 'number operations-broken' : 'number'}>
        {one.asked === 0 ? '–' : `${failed} (${percent(failed / one.asked)})`}
      </td>
      <td className="number">{took(one.mean_latency_s)}</td>
      <td className="number">{took(one.longest_latency_s)}</td>
      <td className="number">{spent}</td>
      <td>{moment(one.last_at)}</td>
    </tr>
  );
}
