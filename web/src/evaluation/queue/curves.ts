/** Wait curves for a drawing. */
import type { Schemas } from '../../shared/api';

const NEARLY_ALL = 0.99;

/** The first minute by which every order has opened nearly all: a drawing ends there, its table goes on. */
export function nearlyAll(curves: readonly Pick<Schemas['WaitCurveView'], 'points'>[]): number {
  const ends = curves
    .filter((one) => one.points.length > 0)
    .map(({ points }) => (points.find(([, share]) => share >= NEARLY_ALL) ?? points.at(-1))?.[0] ?? 0);
  return Math.max(0, ...ends);
}
