import { type Schemas, useMay } from '../../shared/api';
import { moment } from '../../shared/time';
import { LooseFacts } from '../Loose';
import { Rows } from '../Rows';
import { plain } from '../words';
import type { Acted } from './Change';

type Run = Schemas['RunView'];
const OUTCOMES: Record<string, string> = { passed: '● passed', stopped: '▲ stopped', unknown: '○ not known' };

/** What the gate said of each candidate, check by check with figure and limit. */
export function Runs({ runs, days, onAct }: { runs: readonly Run[]; days: number; onAct: (act: Acted) => void }) {
  return (
    <section aria-labelledby="evaluation-runs">
      <h2 id="evaluation-runs">Gate runs</h2>
      {runs.length === 0 ? (
        <p role="status" className="card">
          The gate was not asked yet. <code>wetread gate run</code> holds a candidate against the present reader.
        </p>
      ) : (
        <p className="meta">A run may be acted on for {days} days, and only while the candidate is the one it was.</p>
      )}
      {runs.map((run) => (
        <One key={run.run_id} run={run} onAct={onAct} />
      ))}
    </section>
  );
}

function One({ run, onAct }: { run: Run; onAct: (act: Acted) => void }) {
  const may = useMay('lineup_change');
  const name = `run-${run.run_id}`;
  return (
    <article className="evaluation-one" aria-labelledby={name}>
      <div className="row">
        <h3 id={name}>
          {run.candidate} for {run.present}
        </h3>
        <span className={run.lets_through ? 'evaluation-passed' : 'evaluation-stopped'}>
          {run.lets_through ? '● let through' : '▲ stopped'}
        </span>
        <span className="meta">{moment(run.at)}</span>
        {may && run.refused === null && (
          <button type="button" onClick={() => onAct({ does: 'promote', run })}>
            Promote…
          </button>
        )}
      </div>
      {run.refused !== null && <p>It cannot be promoted: {run.refused}</p>}
      <Rows
        name={`Table: checks of run ${run.run_id.slice(0, 8)}`}
        rows={run.checks}
        of={(row) => row.name}
        columns={[
          { head: 'Check', tell: (row) => row.name },
          {
            head: 'Outcome',
            tell: (row) => <span className={`evaluation-${row.outcome}`}>{OUTCOMES[row.outcome] ?? row.outcome}</span>,
          },
          { head: 'Figure', number: true, tell: (row) => plain(row.value) },
          { head: 'Limit', number: true, tell: (row) => plain(row.limit) },
          { head: 'In words', tell: (row) => row.says },
        ]}
      />
      <details>
        <summary>What the run rests on</summary>
        <LooseFacts
          name={`the run of ${run.candidate}`}
          told={{
            run: run.run_id,
            fingerprint: run.fingerprint,
            cases_sha256: run.cases_sha256,
            policy: run.policy_version,
            ...run.manifest,
          }}
        />
      </details>
    </article>
  );
}
