import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { api, keys, type Schemas } from '../shared/api';
import { dollars, percent, took } from '../shared/figures';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { URGENCY } from '../shared/tokens';
import { Urgency } from '../shared/Urgency';
import { away, today } from './day';
import { Figures } from './Figures';

/** What one day brought. A rate of nothing is "–": no study came, that is neither 0 % nor 100 %. */
export function Day() {
  const [search, setSearch] = useSearchParams();
  const now = today();
  const given = search.get('day') ?? now;
  const day = away(given, 0) ?? now;
  const pick = (wanted: string | null): void => {
    if (wanted !== null && wanted !== '') setSearch({ part: 'day', day: wanted }, { replace: true });
  };
  const daily = useQuery({
    queryKey: [...keys.operations, 'daily', day],
    queryFn: ({ signal }) => api.get('/api/v1/ops/daily', { query: { day }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: day === now ? 30_000 : false,
  });
  return (
    <>
      <div className="row">
        <button type="button" onClick={() => pick(away(day, -1))}>
          ← Day before
        </button>
        <label className="row">
          Day (UTC)
          <input type="date" max={now} value={day} onChange={(event) => pick(event.target.value)} />
        </label>
        <button type="button" disabled={day >= now} onClick={() => pick(away(day, 1))}>
          Day after →
        </button>
      </div>
      {daily.isError && <Problem problem={daily.error} retry={() => void daily.refetch()} />}
      {daily.isPending && <p role="status">Loading…</p>}
      {daily.data && <Told told={daily.data} />}
    </>
  );
}

function Told({ told }: { told: Schemas['Daily'] }) {
  return (
    <>
      <section aria-labelledby="operations-day">
        <h2 id="operations-day">{told.day}</h2>
        <Figures
          figures={[
            { name: 'Studies arrived', value: told.arrived },
            { name: 'Preliminary reports', value: told.completed },
            { name: 'Critical', value: told.critical },
            { name: 'AI did not read', value: told.unread, bad: told.unread > 0 },
            { name: 'AI success rate', value: percent(told.ai_success_rate) },
            { name: 'Signed by humans', value: told.signed },
            { name: 'Failed jobs', value: told.failed_jobs, bad: told.failed_jobs > 0 },
            { name: 'Objects not placed', value: told.problem_objects, bad: told.problem_objects > 0 },
          ]}
        />
      </section>
      <div className="operations-columns">
        <Turnaround told={told} />
        <Readers readers={told.readers} />
      </div>
    </>
  );
}

function Turnaround({ told }: { told: Schemas['Daily'] }) {
  const lines: [string, Schemas['Took']][] = [
    ...Object.entries(told.turnaround),
    ['complete to report', told.reading],
    ['arrival to signature', told.signing],
  ];
  return (
    <section aria-labelledby="operations-turnaround">
      <h2 id="operations-turnaround">Turnaround from arrival to the preliminary report</h2>
      <Scroll name="Table: turnaround">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="number">
                Studies
              </th>
              <th scope="col" className="number">
                Half within (p50)
              </th>
              <th scope="col" className="number">
                9 of 10 within (p90)
              </th>
              <th scope="col" className="number">
                Longest
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map(([name, one]) => (
              <tr key={name}>
                <th scope="row">{name in URGENCY ? <Urgency priority={name as Schemas['Priority']} /> : name}</th>
                <td className="number">{one.n}</td>
                <td className="number">{took(one.p50_s)}</td>
                <td className="number">{took(one.p90_s)}</td>
                <td className="number">{took(one.max_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Readers({ readers }: { readers: readonly Schemas['ReaderFigures'][] }) {
  return (
    <section aria-labelledby="operations-day-readers">
      <h2 id="operations-day-readers">Readers of the day</h2>
      {readers.length === 0 ? (
        <p className="dim">No reader was asked on this day.</p>
      ) : (
        <Scroll name="Table: readers of the day">
          <table>
            <thead>
              <tr>
                <th scope="col">Reader</th>
                <th scope="col" className="number">
                  Asked
                </th>
                <th scope="col" className="number">
                  Answered
                </th>
                <th scope="col" className="number">
                  Called critical
                </th>
                <th scope="col" className="number">
                  Cost
                </th>
                <th scope="col" className="number">
                  Reads without a price
                </th>
              </tr>
            </thead>
            <tbody>
              {readers.map((one) => (
                <tr key={one.reader}>
                  <th scope="row">{one.reader}</th>
                  <td className="number">{one.asked}</td>
                  <td className="number">{one.answered}</td>
                  <td className="number">{one.claimed_critical}</td>
                  <td className="number">{one.unpriced === one.asked ? '–' : dollars(one.cost_usd)}</td>
                  <td className="number">{one.unpriced}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
