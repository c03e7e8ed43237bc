import { LooseFacts } from '../Loose';
import { Rows } from '../Rows';
import type { Comparison, Metrics } from '../told';
import { cell, chance, figure } from '../words';
import { Frontier } from './Frontier';

/** What is told of all readers together: their differences, panels and cascades, report text. */
export function All({ told }: { told: Metrics }) {
  return (
    <>
      {told.comparisons.length > 0 && <Compared rows={told.comparisons} />}
      {told.frontier !== undefined && <Frontier told={told.frontier} />}
      {Array.isArray(told.reports) && told.reports.length > 0 && <Reports rows={told.reports} />}
    </>
  );
}

function Reports({ rows }: { rows: readonly Record<string, unknown>[] }) {
  return (
    <section aria-labelledby="evaluation-reports">
      <h3 id="evaluation-reports">
        Report text <span className="meta">T9</span>
      </h3>
      {rows.map((one) => (
        <div key={`${cell(one.by)} ${cell(one.against)}`}>
          <h4>
            {cell(one.by)} against {cell(one.against)}
          </h4>
          <LooseFacts name={cell(one.by)} told={one} />
        </div>
      ))}
    </section>
  );
}

function Compared({ rows }: { rows: readonly Comparison[] }) {
  return (
    <section aria-labelledby="evaluation-compared">
      <h3 id="evaluation-compared">Readers compared on the same cases</h3>
      <Rows
        name="Table: readers compared"
        rows={rows}
        of={(row) => `${row.first} ${row.second} ${row.code}`}
        columns={[
          { head: 'Finding', tell: (row) => row.label },
          { head: 'First less second', tell: (row) => `${row.first} − ${row.second}` },
          { head: 'n', number: true, tell: (row) => row.n },
          { head: 'Positive', number: true, tell: (row) => row.n_pos },
          { head: 'Difference of AUROC', number: true, tell: (row) => figure({ ...row, value: row.difference }) },
          { head: 'p (DeLong)', number: true, tell: (row) => chance(row.p) },
          { head: 'p (Holm)', number: true, tell: (row) => chance(row.p_holm) },
        ]}
      />
    </section>
  );
}
