import { Link, useSearchParams } from 'wouter';
import type { Schemas } from '../../shared/api';
import { moment } from '../../shared/time';
import { Asked } from '../Asked';
import { Rows } from '../Rows';
import type { Metrics } from '../told';
import { useEvaluations, useMetrics } from '../useEvaluations';
import { NOTHING } from '../words';
import { All } from './All';
import { Data } from './Data';
import { Drawn } from './Drawn';
import { OneReader } from './OneReader';

type Summary = Schemas['EvaluationSummary'];

/** The site's evaluations, and what one of them says. */
export function Figures() {
  const { list, chosen } = useEvaluations();
  const [search] = useSearchParams();
  return (
    <Asked query={list}>
      {(told) =>
        told.evaluations.length === 0 ? (
          <Nothing folder={told.folder} />
        ) : (
          <>
            <List evaluations={told.evaluations} chosen={chosen} />
            {chosen && chosen.problem === null && <One key={chosen.name} one={chosen} />}
            {!chosen && search.has('name') && <p role="alert">There is no evaluation of this name.</p>}
          </>
        )
      }
    </Asked>
  );
}

function Nothing({ folder }: { folder: string }) {
  return (
    <>
      <p role="status" className="card">
        No figures yet. Nothing has been measured on this site&apos;s studies, so nothing here says how good any reader
        is.
      </p>
      <section aria-labelledby="evaluation-how">
        <h2 id="evaluation-how">How figures come</h2>
        <p>
          An evaluation compares what readers said with what is true of studies that were put aside for it. Whoever runs
          the service makes one on its machine, into the folder <code>{folder}</code> of its data:
        </p>
        <pre className="card">wetread evaluate CASES.csv --reader embedded --out DATA/{folder}/NAME</pre>
        <p className="dim">Figures of a reader&apos;s own makers are on its card, and were not measured here.</p>
      </section>
    </>
  );
}

function List({ evaluations, chosen }: { evaluations: readonly Summary[]; chosen: Summary | undefined }) {
  return (
    <section aria-labelledby="evaluation-list">
      <h2 id="evaluation-list">Evaluations</h2>
      <Rows
        name="Table: evaluations"
        rows={evaluations}
        of={(one) => one.name}
        columns={[
          {
            head: 'Name',
            tell: (one) => (
              <Link
                href={`/evaluation?part=figures&name=${encodeURIComponent(one.name)}`}
                aria-current={one === chosen ? 'true' : undefined}
              >
                {one.name}
              </Link>
            ),
          },
          { head: 'Made', tell: (one) => moment(one.at) },
          { head: 'Readers', tell: (one) => one.problem ?? one.readers?.join(', ') },
          { head: 'Test cases', number: true, tell: (one) => one.test ?? NOTHING },
          { head: 'Patients', number: true, tell: (one) => one.patients ?? NOTHING },
          { head: 'Seed', number: true, tell: (one) => one.seed ?? NOTHING },
          { head: 'Software', tell: (one) => one.software ?? NOTHING },
        ]}
      />
    </section>
  );
}

function One({ one }: { one: Summary }) {
  const metrics = useMetrics(one);
  return (
    <Asked query={metrics}>
      {(told) => (
        <>
          <h2>{one.name}</h2>
          <Warnings told={told} />
          <Data told={told} />
          <Drawn one={one} />
          <All told={told} />
          <OneReader one={one} readers={told.readers} />
        </>
      )}
    </Asked>
  );
}

/** What makes the figures flatter than they are stands above them. */
function Warnings({ told }: { told: Metrics }) {
  const tells = told.shortcuts.filter((row) => row.tells && row.looks_at !== 'the small picture');
  if (tells.length === 0) return null;
  return (
    <div role="note" className="evaluation-warning" aria-label="Warning">
      <p>
        <span aria-hidden="true">▲ </span>
        The classes of these cases can be told without looking at the organ: from{' '}
        {tells.map((row) => row.looks_at).join(' and ')}. The cases come from different sources, so the figures below
        flatter.
      </p>
    </div>
  );
}
