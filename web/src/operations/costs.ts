/** What readers took, as bars: one row of bars a reader, all on one scale. */
import type { Schemas } from '../shared/api';
import { away } from './day';

export interface Bars {
  reader: string;
  total: number | null;
  unpriced: number;
  /** One for each day, oldest first; `usd` null: nothing of it has a price. */
  days: readonly { day: string; usd: number | null; reads: number }[];
}

/** Readers by their spending, the dearest first, over the days up to `last`. */
export function bars(costs: readonly Schemas['Cost'][], last: string, days: number): Bars[] {
  const names = [...new Set(costs.map((one) => one.reader))];
  const span = Array.from({ length: days }, (_, n) => away(last, n - days + 1) ?? last);
  const made = names.map((reader) => {
    const mine = costs.filter((one) => one.reader === reader);
    const known = mine.filter((one) => one.cost_usd !== null);
    return {
      reader,
      total: known.length === 0 ? null : known.reduce((sum, one) => sum + (one.cost_usd ?? 0), 0),
      unpriced: mine.reduce((sum, one) => sum + one.unpriced, 0),
      days: span.map((day) => {
        const one = mine.find((cost) => cost.day === day);
        return { day, usd: one ? one.cost_usd : 0, reads: one?.reads ?? 0 };
      }),
    };
  });
  return made.sort((a, b) => (b.total ?? 0) - (a.total ?? 0) || a.reader.localeCompare(b.reader));
}

/** The day's dollars of all readers; null where nothing of the day has a price though there were reads. */
export function spent(costs: readonly Schemas['Cost'][], day: string): number | null {
  const mine = costs.filter((one) => one.day === day);
  const known = mine.filter((one) => one.cost_usd !== null);
  if (mine.length > 0 && known.length === 0) return null;
  return known.reduce((sum, one) => sum + (one.cost_usd ?? 0), 0);
}
