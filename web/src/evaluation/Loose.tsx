import { Rows } from './Rows';
import { isInterval } from './told';
import { cell, heading } from './words';

type Told = Record<string, unknown>;
const FIRST = ['discipline', 'label', 'name', 'reader', 'readers', 'kind', 'disturbance', 'what', 'group', 'code'];

/** Rows of a file as they are: a column for each field that any row has, its figures with interval and n. */
export function Loose({ name, rows, without = [] }: { name: string; rows: unknown; without?: readonly string[] }) {
  const all: unknown[] = Array.isArray(rows) ? rows : [rows];
  const told = all.filter(isTold);
  if (told.length === 0) return null;
  const fields = [...new Set(told.flatMap((row) => Object.keys(row)))].filter((one) => !without.includes(one));
  const place = (field: string): number => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);
  fields.sort((a, b) => place(a) - place(b));
  return (
    <Rows<Told>
      name={name}
      rows={told}
      of={(_, at) => String(at)}
      columns={fields.map((field) => ({
        head: heading(field),
        number: told.every((row) => isNumber(row[field])),
        tell: (row) =>
          isInterval(row[field]) ? <span className="evaluation-figure">{cell(row[field])}</span> : cell(row[field]),
      }))}
    />
  );
}

/** A file's fields below each other; lists of things as tables of their own. */
export function LooseFacts({ name: whose, told }: { name: string; told: Told }) {
  const all = Object.entries(told);
  const tables = all.filter(([, value]) => isTable(value));
  return (
    <>
      <dl className="evaluation-facts">
        {all
          .filter(([, value]) => !isTable(value))
          .map(([name, value]) => (
            <div key={name}>
              <dt>{heading(name)}</dt>
              <dd>{cell(value)}</dd>
            </div>
          ))}
      </dl>
      {tables.map(([name, value]) => (
        <Loose key={name} name={`Table: ${heading(name)} of ${whose}`} rows={value} />
      ))}
    </>
  );
}

function isNumber(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'number' || isInterval(value);
}

function isTable(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isTold);
}

function isTold(one: unknown): one is Told {
  return typeof one === 'object' && one !== null && !Array.isArray(one);
}
