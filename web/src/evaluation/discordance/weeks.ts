/** A figure's course over weeks, for a drawing. */
import type { Schemas } from '../../shared/api';

const WEEK_MS = 7 * 86_400_000;

/** Weeks before the last one and the figure; a week with too few statements is left out, the axis keeps its place. */
export function course(weeks: readonly Schemas['Line'][], what: 'ppv' | 'sensitivity'): [number, number][] {
  const ordered = [...weeks].sort((a, b) => (a.week ?? '').localeCompare(b.week ?? ''));
  const last = Date.parse(ordered.at(-1)?.week ?? '');
  return ordered.flatMap((one) => {
    const value = one[what].value;
    return one.week === null || value === null
      ? []
      : [[(Date.parse(one.week) - last) / WEEK_MS, value] as const].map(pair);
  });
}

function pair(one: readonly [number, number]): [number, number] {
  return [Math.round(one[0]), one[1]];
}
