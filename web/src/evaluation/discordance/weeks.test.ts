import { describe, expect, it } from 'vitest';
import type { Schemas } from '../../shared/api';
import { course } from './weeks';

const rate = (value: number | null) => ({ hits: 1, n: 20, value, low: value, high: value });

function week(day: string, ppv: number | null): Schemas['Line'] {
  return { reader: 'panel', week: day, ppv: rate(ppv), sensitivity: rate(0.5) } as Schemas['Line'];
}

describe('the course over weeks', () => {
  it('leaves out a week with too few statements and keeps its place', () => {
    const told = [week('2026-01-19', 0.9), week('2026-01-05', 0.7), week('2026-01-12', null)];
    expect(course(told, 'ppv')).toEqual([
      [-2, 0.7],
      [0, 0.9],
    ]);
    expect(course(told, 'sensitivity')).toHaveLength(3);
  });

  it('of no week is nothing', () => {
    expect(course([], 'ppv')).toEqual([]);
  });
});
