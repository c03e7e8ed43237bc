/** Settings as tables: one for each table of the file, with the key that changes each value. */
export interface Table {
  /** As in the file: `service.flow`; empty: the top of the file. */
  name: string;
  rows: { key: string; value: string; environment: string }[];
}

/** The tables of nested values, those that hold something only, in the order they came. */
export function tables(values: Readonly<Record<string, unknown>>, name = ''): Table[] {
  const rows: Table['rows'] = [];
  const inner: Table[] = [];
  for (const [key, value] of Object.entries(values)) {
    const path = name === '' ? key : `${name}.${key}`;
    if (isTable(value)) inner.push(...tables(value, path));
    else rows.push({ key, value: text(value), environment: `WETREAD_${path.replaceAll('.', '__').toUpperCase()}` });
  }
  return [...(rows.length > 0 ? [{ name, rows }] : []), ...inner];
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** A value for people: nothing set is said, and is no 0, no "false" and no empty line. */
export function text(value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' || typeof value === 'string') return value === '' ? 'empty' : String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(text).join(', ');
  return Object.keys(value as object).length === 0 ? 'none' : JSON.stringify(value);
}
