import { describe, expect, it } from 'vitest';
import { nearlyAll } from './curves';

const curve = (...points: [number, number][]) => ({ points });

describe('a drawing of wait curves', () => {
  it('ends where the slowest order has opened nearly all', () => {
    const quick = curve([0, 0.5], [10, 0.99], [60, 1], [2880, 1]);
    const slow = curve([0, 0.2], [10, 0.8], [60, 0.995], [2880, 1]);
    expect(nearlyAll([quick, slow])).toBe(60);
  });

  it('shows all of a queue that never gets there', () => {
    expect(nearlyAll([curve([0, 0.1], [2880, 0.6])])).toBe(2880);
    expect(nearlyAll([curve()])).toBe(0);
  });
});
