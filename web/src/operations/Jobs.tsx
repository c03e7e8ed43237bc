import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { api, changed, keys, type Schemas, useMay } from '../shared/api';
import { Confirm } from '../shared/Confirm';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';

const STATES = ['failed', 'queued', 'running', 'done', 'cancelled'] as const;
type State = (typeof STATES)[number];
const MOST = 200;

/** Flows as people see them. A failed one is a dead letter until somebody tries it again. */
export function Jobs() {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('state') ?? 'failed';
  const state = STATES.find((one) => one === asked);
  const jobs = useQuery({
    queryKey: [...keys.operations, 'jobs', state ?? 'all'],
    queryFn: ({ signal }) => api.get('/api/v1/ops/jobs', { query: { state: state ?? null, limit: MOST }, signal }),
    refetchInterval: 15_000,
  });
  const pick = (wanted: string): void => setSearch({ part: 'jobs', state: wanted }, { replace: true });
  return (
    <section aria-labelledby="operations-jobs">
      <div className="row">
        <h2 id="operations-jobs">Jobs</h2>
        <label className="row">
          State
          <select value={state ?? 'all'} onChange={(event) => pick(event.target.value)}>
            {STATES.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="all">all</option>
          </select>
        </label>
      </div>
      {jobs.isError && <Problem problem={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.isPending && <p role="status">Loading…</p>}
      {jobs.data && <List jobs={jobs.data.jobs} state={state} />}
    </section>
  );
}

function List({ jobs, state }: { jobs: readonly Schemas['Job'][]; state: State | undefined }) {
  const [asked, setAsked] = useState<{ job: Schemas['Job']; way: Way } | null>(null);
  const may = useMay('jobs_change');
  return (
    <>
      {jobs.length === 0 && <p className="dim">There is no {state ? `${state} job` : 'job'}.</p>}
      {jobs.length > 0 && <Table jobs={jobs} ask={may ? (job, way) => setAsked({ job, way }) : null} />}
      {jobs.length === MOST && <p className="dim">The newest {MOST} are shown.</p>}
      {asked && <Ask job={asked.job} way={asked.way} onClose={() => setAsked(null)} />}
    </>
  );
}

type Way = 'retry' | 'cancel';

function Table({
  jobs,
  ask,
}: {
  jobs: readonly Schemas['Job'][];
  ask: ((job: Schemas['Job'], way: Way) => void) | null;
}) {
  return (
    <Scroll name="Table: jobs">
      <table className="operations-jobs">
        <thead>
          <tr>
            <th scope="col">Study</th>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Tries
            </th>
            <th scope="col">Reason</th>
            <th scope="col">Made</th>
            <th scope="col">Ended</th>
            <th scope="col">Next try</th>
            {ask && <th scope="col">Act</th>}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Line key={job.job_id} job={job} ask={ask && ((way) => ask(job, way))} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Line({ job, ask }: { job: Schemas['Job']; ask: ((way: Way) => void) | null }) {
  const opens = useMay('study_view');
  const underWay = job.state === 'queued' || job.state === 'running';
  return (
    <tr data-job={job.job_id} data-state={job.state}>
      <th scope="row">{opens ? <Link href={`/study/${job.study_id}`}>{job.ref}</Link> : job.ref}</th>
      <td>{job.kind}</td>
      <td className={job.state === 'failed' ? 'operations-broken' : undefined}>
        {job.state === 'failed' && <span aria-hidden="true">⊘ </span>}
        {job.state}
      </td>
      <td className="number">{job.attempts}</td>
      <td className="operations-reason">{job.problem ?? '–'}</td>
      <td>{moment(job.created_at)}</td>
      <td>{moment(job.ended_at)}</td>
      <td>{moment(job.next_at)}</td>
      {ask && (
        <td>
          {job.state === 'failed' && (
            <button type="button" onClick={() => ask('retry')} aria-label={`Try again: ${job.kind} of ${job.ref}`}>
              Try again…
            </button>
          )}
          {underWay && (
            <button type="button" onClick={() => ask('cancel')} aria-label={`Call off: ${job.kind} of ${job.ref}`}>
              Call off…
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

function Ask({ job, way, onClose }: { job: Schemas['Job']; way: Way; onClose: () => void }) {
  const path = { job_id: job.job_id };
  const act = async (): Promise<void> => {
    if (way === 'retry') await api.post('/api/v1/ops/jobs/{job_id}/retry', { path });
    else await api.post('/api/v1/ops/jobs/{job_id}/cancel', { path });
    changed(job.study_id);
  };
  return (
    <Confirm
      title={way === 'retry' ? 'Try this job again?' : 'Call this job off?'}
      does={way === 'retry' ? 'Try again' : 'Call off'}
      act={act}
      onClose={onClose}
    >
      <p>
        {job.kind} of study {job.ref}, {job.attempts} tries so far.
      </p>
      {job.problem && <p>It failed: {job.problem}</p>}
      {way === 'retry' && job.kind === 'read' && (
        <p>Readers that did not answer are asked anew; that may cost money.</p>
      )}
      {way === 'cancel' && <p>A study whose reading is called off waits for a human as one that AI did not read.</p>}
    </Confirm>
  );
}
