import { useState } from 'react';
import { usePreferences } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { COLUMNS, type ColumnId, wantedColumns } from './columns';

/** Which columns a person wants. What says whose study it is, how soon and where it stands can't be left out. */
export default function Columns({ onClose }: { onClose: () => void }) {
  const { preferences, known, keep } = usePreferences();
  const [problem, setProblem] = useState<unknown>(null);
  const wanted = new Set<ColumnId>(wantedColumns(preferences['worklist.columns']));
  const choose = (chosen: readonly ColumnId[] | null): void => {
    setProblem(null);
    keep({ 'worklist.columns': chosen }).catch(setProblem);
  };
  const toggle = (id: ColumnId): void =>
    choose(COLUMNS.map((one) => one.id).filter((one) => (one === id ? !wanted.has(one) : wanted.has(one))));
  return (
    <Dialog title="Columns" onClose={onClose}>
      <p className="meta">In a narrow window some fold away by themselves, the least telling ones first.</p>
      <fieldset className="worklist-columns" disabled={!known}>
        <legend className="unseen">Columns</legend>
        {COLUMNS.map((one) => (
          <label key={one.id}>
            <input
              type="checkbox"
              checked={wanted.has(one.id)}
              disabled={one.folds === null}
              onChange={() => toggle(one.id)}
            />{' '}
            {one.name}
            {one.folds === null && <span className="dim"> always</span>}
          </label>
        ))}
      </fieldset>
      {problem !== null && <Problem problem={problem} />}
      <form method="dialog" className="row">
        <button type="button" onClick={() => choose(null)}>
          All
        </button>
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}
