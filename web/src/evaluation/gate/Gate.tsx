import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys, type Schemas, useMay } from '../../shared/api';
import { moment } from '../../shared/time';
import { Asked } from '../Asked';
import { Rows } from '../Rows';
import { type Acted, Change } from './Change';
import { Runs } from './Runs';
import { Shadow } from './Shadow';

/** The change gate: what it said of candidates, who stands in whose place, who reads in the shadow. */
export function Gate() {
  const gate = useQuery({
    queryKey: [...keys.evaluation, 'gate'],
    queryFn: ({ signal }) => api.get('/api/v1/gate', { signal }),
  });
  return <Asked query={gate}>{(told) => <Shown told={told} />}</Asked>;
}

function Shown({ told }: { told: Schemas['GateView'] }) {
  const [act, setAct] = useState<Acted | null>(null);
  return (
    <>
      <section aria-labelledby="evaluation-lineup">
        <h2 id="evaluation-lineup">Line-up</h2>
        <p>
          {told.required
            ? 'The gate is required: a reader that was never promoted in its slot is not asked.'
            : 'The gate is not required: readers are asked as the settings say, unless another one was promoted.'}
        </p>
        <Lineup rows={told.lineup} onAct={setAct} />
      </section>
      <Runs runs={told.runs} days={told.run_days} onAct={setAct} />
      {told.history.length > 0 && <History rows={told.history} />}
      <Shadow rows={told.shadow} />
      {act && <Change act={act} onClose={() => setAct(null)} />}
    </>
  );
}

function Lineup({ rows, onAct }: { rows: readonly Schemas['ChangeView'][]; onAct: (act: Acted) => void }) {
  const may = useMay('lineup_change');
  if (rows.length === 0)
    return (
      <p role="status" className="card">
        Nobody was promoted yet: every slot holds its own reader.
      </p>
    );
  return (
    <Rows
      name="Table: line-up"
      rows={rows}
      of={(row) => row.slot}
      columns={[
        { head: 'Slot', tell: (row) => row.slot },
        { head: 'Reader', tell: (row) => row.reader },
        { head: 'Fingerprint', tell: (row) => row.fingerprint },
        { head: 'Since', tell: (row) => moment(row.at) },
        { head: 'By', tell: (row) => row.by },
        { head: 'Why', tell: (row) => row.reason },
        ...(may
          ? [
              {
                head: 'Act',
                tell: (row: Schemas['ChangeView']) => (
                  <button type="button" onClick={() => onAct({ does: 'rollback', slot: row.slot })}>
                    Roll back…
                  </button>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

function History({ rows }: { rows: readonly Schemas['ChangeView'][] }) {
  return (
    <section aria-labelledby="evaluation-history">
      <h2 id="evaluation-history">Changes of the line-up</h2>
      <Rows
        name="Table: changes of the line-up"
        rows={rows}
        of={(_, at) => String(at)}
        columns={[
          { head: 'When', tell: (row) => moment(row.at) },
          { head: 'What', tell: (row) => (row.kind === 'promote' ? 'promoted' : 'rolled back') },
          { head: 'Slot', tell: (row) => row.slot },
          { head: 'Reader', tell: (row) => row.reader },
          { head: 'By', tell: (row) => row.by },
          { head: 'Why', tell: (row) => row.reason },
        ]}
      />
    </section>
  );
}
