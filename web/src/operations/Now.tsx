import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { bytes } from '../shared/figures';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment, span } from '../shared/time';
import { Urgency } from '../shared/Urgency';
import { Figures } from './Figures';
import { COLUMNS, queue } from './queue';

const EVERY_MS = 15_000; // heartbeats and free space make no event

/** How things stand this moment: who waits, who works, what is left of the room. */
export function Now() {
  const summary = useQuery({
    queryKey: [...keys.operations, 'summary'],
    queryFn: ({ signal }) => api.get('/api/v1/ops/summary', { signal }),
    refetchInterval: EVERY_MS,
  });
  if (summary.isError) return <Problem problem={summary.error} retry={() => void summary.refetch()} />;
  if (!summary.data) return <p role="status">Loading…</p>;
  const told = summary.data;
  return (
    <>
      <Standing told={told} />
      <Queue studies={told.studies} />
      <div className="operations-columns">
        <Workers told={told} />
        <Counts title="Jobs under way and failed" counts={told.jobs} none="No job is under way and none has failed." />
        <Counts title="Deliveries of reports" counts={told.deliveries} none="Nothing has been delivered yet." />
      </div>
      <p className="meta">As of {moment(told.server_time)}, renewed by itself.</p>
    </>
  );
}

function Standing({ told }: { told: Schemas['Summary'] }) {
  const since = (at: string | null): string =>
    at === null ? 'nobody' : span((Date.parse(told.server_time) - Date.parse(at)) / 1000);
  const open = told.studies.filter((one) => one.open).reduce((sum, one) => sum + one.n, 0);
  return (
    <section aria-labelledby="operations-now">
      <h2 id="operations-now">Now</h2>
      <Figures
        figures={[
          { name: 'Studies waiting', value: open },
          { name: 'Critical, waiting', value: told.critical_open, bad: told.critical_open > 0 },
          { name: 'Overdue', value: told.overdue, bad: told.overdue > 0 },
          { name: 'Longest waiting for a human', value: since(told.oldest_open_at) },
          { name: 'Longest waiting for AI', value: since(told.oldest_queued_at) },
          { name: 'Room left for arrivals', value: bytes(told.spool_free_bytes) },
          { name: 'Objects kept', value: told.objects.toLocaleString('en') },
          { name: 'Objects not placed', value: told.problems.toLocaleString('en'), bad: told.problems > 0 },
        ]}
      />
    </section>
  );
}

function Queue({ studies }: { studies: readonly Schemas['StudyCount'][] }) {
  const rows = queue(studies);
  return (
    <section aria-labelledby="operations-queue">
      <h2 id="operations-queue">Open studies by status and urgency</h2>
      {rows.length === 0 ? (
        <p className="dim">No study is open.</p>
      ) : (
        <Scroll name="Table: open studies">
          <table>
            <thead>
              <tr>
                <th scope="col">Status</th>
                {COLUMNS.map((column) => (
                  <th scope="col" className="number" key={column}>
                    <Urgency priority={column === 'pending' ? null : column} />
                  </th>
                ))}
                <th scope="col" className="number">
                  All
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.status}>
                  <th scope="row">{row.status}</th>
                  {COLUMNS.map((column) => (
                    <td key={column} className="number">
                      {row.counts[column]}
                    </td>
                  ))}
                  <td className="number">{row.total}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Workers({ told }: { told: Schemas['Summary'] }) {
  const now = Date.parse(told.server_time);
  return (
    <section aria-labelledby="operations-workers">
      <h2 id="operations-workers">Workers</h2>
      {told.workers.some((one) => one.alive) || <p role="alert">▲ No worker lives: nothing is read at the moment.</p>}
      {told.workers.length > 0 && (
        <Scroll name="Table: workers">
          <table>
            <thead>
              <tr>
                <th scope="col">Worker</th>
                <th scope="col">Host</th>
                <th scope="col">State</th>
                <th scope="col">Last heard of</th>
              </tr>
            </thead>
            <tbody>
              {told.workers.map((one) => (
                <tr key={one.executor_id}>
                  <th scope="row">{one.executor_id}</th>
                  <td>{one.host}</td>
                  <td className={one.alive ? undefined : 'operations-broken'}>{one.alive ? '● lives' : '⊘ silent'}</td>
                  <td>{Math.max(0, Math.round((now - Date.parse(one.seen_at)) / 1000))} s ago</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Counts({ title, counts, none }: { title: string; counts: Readonly<Record<string, number>>; none: string }) {
  const told = Object.entries(counts);
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {told.length === 0 ? (
        <p className="dim">{none}</p>
      ) : (
        <Figures figures={told.map(([name, value]) => ({ name, value, bad: name === 'failed' && value > 0 }))} />
      )}
    </section>
  );
}
