import { describe, expect, it } from 'vitest';
import { picked, scale, ticks } from './scale';

describe('a scale', () => {
  it('runs from one edge to the other, and down where it is turned', () => {
    expect([0, 0.5, 1].map(scale(0, 1, 10, 110))).toEqual([10, 60, 110]);
    expect([0, 1].map(scale(0, 1, 110, 10))).toEqual([110, 10]);
  });

  it('of one value alone divides by nothing', () => {
    expect(Number.isFinite(scale(3, 3, 0, 100)(3))).toBe(true);
  });

  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 100, [0, 20, 40, 60, 80, 100]],
    [-0.2, 0.1, [-0.2, -0.1, 0, 0.1]],
    [0, 0.03, [0, 0.01, 0.02, 0.03]],
    [5, 5, [5]],
  ])('from %s to %s has round ticks', (from, to, wanted) => {
    expect(ticks(from, to)).toEqual(wanted);
  });

  it('is picked evenly with both ends', () => {
    const all = Array.from({ length: 200 }, (_, at) => at);
    const told = picked(all);
    expect(told).toHaveLength(21);
    expect([told[0], told[20]]).toEqual([0, 199]);
    expect(picked([1, 2])).toEqual([1, 2]);
  });
});
