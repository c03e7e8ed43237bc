import type { Fitted } from './columns';

/** The columns' names and widths. */
export function Head({ columns, caption }: { columns: readonly Fitted[]; caption: string }) {
  return (
    <>
      <caption className="unseen">{caption}</caption>
      <colgroup>
        {columns.map((column) => (
          <col key={column.id} style={{ width: column.width }} />
        ))}
        <col className="worklist-more" />
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <th key={column.id} scope="col" className={column.numeric ? 'number' : undefined}>
              {column.name}
            </th>
          ))}
          <th scope="col">
            <span className="unseen">Actions</span>
          </th>
        </tr>
      </thead>
    </>
  );
}

/** Room for rows that are out of view. */
export function Space({ px, columns }: { px: number; columns: number }) {
  if (px <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a table row takes no focus
    <tr aria-hidden="true" className="worklist-space">
      <td colSpan={columns + 1} style={{ height: px }} />
    </tr>
  );
}
