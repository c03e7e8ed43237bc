/** Where a value lies in a drawing, and which round values stand at its edge. */

/** From a value's range to pixels. */
export function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const width = to - from || 1;
  return (value) => start + ((value - from) / width) * (end - start);
}

/** Round values from `from` to `to`, at most about `most`: 0, 0.5, 1; 0, 20, 40. Sums of steps, without their dust. */
export function ticks(from: number, to: number, most = 5): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? 10 * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Evenly picked rows, both ends kept: what a table of a curve shows. */
export function picked<T>(all: readonly T[], most = 21): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))] as T);
}
