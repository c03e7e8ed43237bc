/** How far the list reaches, which of its pages are near, and how far it slid when rows came or went. */

export const PAGE = 100;
const AROUND = 40;

/** The pages of the rows from `first` to `last` and of some rows around. */
export function pagesFor(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first - AROUND) / PAGE);
  const until = Math.floor((Math.max(first, last) + AROUND) / PAGE);
  return Array.from({ length: until - from + 1 }, (_, at) => from + at);
}

/** How long the list is: the newest answer counts. Where it told a lower bound it grows by a page beyond what is known. */
export function listLength(
  known: ReadonlyMap<number, { rows: { length: number }; total: number; atLeast: boolean; at: number }>,
): { length: number | null; total: number; atLeast: boolean } {
  const newest = [...known.values()].reduce<{ total: number; atLeast: boolean; at: number } | null>(
    (best, one) => (best === null || one.at >= best.at ? one : best),
    null,
  );
  if (newest === null) return { length: null, total: 0, atLeast: false };
  const { total, atLeast } = newest;
  if (!atLeast) return { length: total, total, atLeast };
  const ends = [...known]
    .filter(([page, one]) => one.rows.length < PAGE && (page + 1) * PAGE > total)
    .map(([page, one]) => page * PAGE + one.rows.length);
  if (ends.length) {
    const length = Math.min(...ends);
    return { length, total: length, atLeast: false };
  }
  const reached = Math.max(...[...known.keys()].map((page) => (page + 1) * PAGE));
  return { length: reached >= total ? reached + PAGE : total, total: Math.max(total, reached), atLeast };
}

/**
 * By how many rows the list slid under the reader: most of what was in view moved by so much. What moved by itself (a
 * study that was escalated) does not count.
 */
export function slid(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  const votes = new Map<number, number>();
  for (const [study, index] of before) {
    const place = now.get(study);
    if (place !== undefined) votes.set(place - index, (votes.get(place - index) ?? 0) + 1);
  }
  return [...votes].reduce<[number, number]>((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}
