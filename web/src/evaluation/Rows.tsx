import type { ReactNode } from 'react';
import { Scroll } from '../shared/Scroll';

export interface Column<T> {
  head: string;
  number?: boolean;
  tell: (row: T) => ReactNode;
}

/** A table that scrolls inside the page; the first column names its rows. */
export function Rows<T>({
  name,
  rows,
  columns,
  of,
}: {
  name: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  /** What tells a row from all others. */
  of: (row: T, at: number) => string;
}) {
  const [first, ...rest] = columns;
  if (!first) return null;
  return (
    <Scroll name={name}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column.head} className={column.number ? 'number' : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={of(row, at)}>
              <th scope="row">{first.tell(row)}</th>
              {rest.map((column) => (
                <td key={column.head} className={column.number ? 'number' : undefined}>
                  {column.tell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
