/** Figures of an evaluation in words: always with their interval and n, and never made up where there are too few. */
import { moment } from '../shared/time';
import { isInterval } from './told';

export const TOO_FEW = 'n/a (too few)';
export const NOTHING = '–';

/** How a number is written: a plain one with three decimals, a share as a percentage, minutes. */
export type Unit = 'plain' | 'percent' | 'minutes';

export function number(value: number, unit: Unit = 'plain'): string {
  if (unit === 'percent') return (100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0);
  if (unit === 'minutes') return value.toFixed(value < 10 ? 1 : 0);
  return value.toFixed(3);
}

/** "0.812 [0.765, 0.856]", "81 % [76, 86]"; "n/a (too few)" where there is none. */
export function figure(
  told: { value: number | null; low: number | null; high: number | null } | null | undefined,
  unit: Unit = 'plain',
): string {
  if (!told || told.value === null) return TOO_FEW;
  const sign = unit === 'percent' ? ' %' : unit === 'minutes' ? ' min' : '';
  const bounds =
    told.low === null || told.high === null
      ? ' (no interval)'
      : ` [${number(told.low, unit)}, ${number(told.high, unit)}]`;
  return `${number(told.value, unit)}${sign}${bounds}`;
}

/** A number that has no interval; "–" where nobody knows it. */
export function plain(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? NOTHING : value.toFixed(digits);
}

/** A p value: never "0.000". */
export function chance(p: number | null): string {
  return p === null ? NOTHING : p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** A field's name for people: "critical_sensitivity" → "critical sensitivity"; a unit at its end in brackets. */
export function heading(name: string): string {
  const unit = /_(min|s|ms|usd|px)$/.exec(name);
  const bare = (unit ? name.slice(0, unit.index) : name).replaceAll('_', ' ');
  return unit ? `${bare} (${unit[1] === 'usd' ? 'US$' : unit[1]})` : bare;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Anything that a file or the API tells, in a table's cell. */
export function cell(told: unknown): string {
  if (told === null || told === undefined || told === '') return NOTHING;
  if (typeof told === 'number') return Number.isInteger(told) ? told.toLocaleString('en') : plainest(told);
  if (typeof told === 'boolean') return told ? 'yes' : 'no';
  if (typeof told === 'object') return parts(told);
  return typeof told === 'string' && ISO.test(told) ? moment(told) : String(told);
}

function parts(told: object): string {
  if (isInterval(told)) return `${figure(told)}${typeof told.n === 'number' ? `, n ${told.n}` : ''}`;
  if (Array.isArray(told)) return told.map(cell).join(', ') || NOTHING;
  const said = Object.entries(told).map(([name, value]) => `${heading(name)} ${cell(value)}`);
  return said.join('; ') || NOTHING;
}

function plainest(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}
