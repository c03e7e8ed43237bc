import { useState } from 'react';
import { Forest } from '../chart/Forest';
import { Rows } from '../Rows';
import { LINE_COLUMNS, type Line } from './lines';

/** One reader by finding, scanner, sex or age: whom it does worse for. */
export function Groups({ lines }: { lines: readonly Line[] }) {
  const kinds = [...new Set(lines.flatMap((one) => (one.by === null ? [] : [one.by])))];
  const readers = [...new Set(lines.map((one) => one.reader))];
  const [wanted, want] = useState<string | null>(null);
  const [chosen, choose] = useState<string | null>(null);
  const by = wanted !== null && kinds.includes(wanted) ? wanted : kinds[0];
  const reader = chosen !== null && readers.includes(chosen) ? chosen : readers[0];
  if (by === undefined || reader === undefined) return null;
  const own = lines.filter((one) => one.by === by && one.reader === reader);
  return (
    <>
      <div className="row">
        <h3>By group</h3>
        <label className="row">
          Groups
          <select value={by} onChange={(event) => want(event.target.value)}>
            {kinds.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className="row">
          Reader of the groups
          <select value={reader} onChange={(event) => choose(event.target.value)}>
            {readers.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <Forest
        title={`Sensitivity of ${reader} by ${by}`}
        branches={own.map((one) => ({ name: name(one), told: one.sensitivity }))}
        line={null}
        lineName=""
      />
      <Rows
        name="Table: groups"
        rows={own}
        of={(row) => row.group ?? ''}
        columns={[{ head: by, tell: name }, ...LINE_COLUMNS]}
      />
    </>
  );
}

function name(line: Line): string {
  return line.label ?? line.group ?? '';
}
