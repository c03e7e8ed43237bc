import { memo } from 'react';
import { person } from '../shared/person';
import { CELLS } from './cells';
import type { Column, ColumnId } from './columns';
import type { Row } from './words';

/** What one can do with a row. The functions stay the same ones, so that a row is drawn again only when it changed. */
export interface Acts {
  select: (study: string, index: number) => void;
  open: (study: string) => void;
  leave: () => void;
  offer: (row: Row) => void;
}

interface Shown {
  row: Row;
  index: number;
  columns: readonly Column[];
  selected: boolean;
  readFirst: boolean;
  mayOpen: boolean;
  acts: Acts;
}

/** One study of the list. */
export const RowView = memo(function RowView({ row, index, columns, selected, readFirst, mayOpen, acts }: Shown) {
  const stop = selected ? 0 : -1;
  const hides = readFirst || (row.blinded && row.open);
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-study={row.study_id}
      tabIndex={-1}
      onClick={() => acts.select(row.study_id, index)}
      onDoubleClick={() => mayOpen && acts.open(row.study_id)}
    >
      {columns.map((column) => (
        <td key={column.id} className={column.numeric ? 'number' : undefined}>
          {CELLS[column.id as ColumnId](row, { readFirst: hides, mayOpen, selected, onOpen: acts.leave })}
        </td>
      ))}
      <td className="worklist-more">
        <button
          type="button"
          tabIndex={stop}
          aria-label={`Actions for ${person(row.patient.name)}`}
          onClick={() => acts.offer(row)}
        >
          ⋯
        </button>
      </td>
    </tr>
  );
});

/** A row that is asked for. */
export function RowToCome({ index, columns }: { index: number; columns: number }) {
  return (
    <tr aria-rowindex={index + 2} className="worklist-to-come">
      <td colSpan={columns + 1}>
        <span className="unseen">loading</span>
      </td>
    </tr>
  );
}
