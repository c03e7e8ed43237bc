import { Figure } from '../Figure';
import { Rows } from '../Rows';
import type { StressTold } from '../told';
import { NOTHING } from '../words';

/** The same reader on cases that were changed on purpose (T6): what passed, what broke a limit, what is not known. */
export function Stress({ rows }: { rows: readonly StressTold[] }) {
  if (rows.length === 0) return null;
  return (
    <>
      <h4>
        Cases changed on purpose <span className="meta">T6</span>
      </h4>
      <Rows
        name="Table: stress"
        rows={rows}
        of={(row) => row.disturbance}
        columns={[
          { head: 'Changed', tell: (row) => row.what },
          { head: 'Outcome', tell: outcome },
          { head: 'Read', number: true, tell: (row) => `${row.n_read} of ${row.n}` },
          { head: 'Answered otherwise', number: true, tell: (row) => <Figure of={row.flips} unit="percent" /> },
          { head: 'No longer abnormal', number: true, tell: (row) => <Figure of={row.lost} unit="percent" /> },
          { head: 'False findings a picture', number: true, tell: (row) => <Figure of={row.false_findings} /> },
          { head: 'As they are', number: true, tell: (row) => <Figure of={row.false_findings_before} /> },
          { head: 'Change of AUROC', number: true, tell: (row) => <Figure of={row.auroc_change} /> },
          { head: 'Sides moved', number: true, tell: (row) => <Figure of={row.sides_moved} unit="percent" /> },
          { head: 'Why', tell: (row) => row.why.join('; ') || NOTHING },
        ]}
      />
    </>
  );
}

function outcome(row: StressTold) {
  if (row.passed === null) return '○ not known';
  return row.passed ? '● passed' : <span className="evaluation-stopped">▲ failed</span>;
}
