import { describe, expect, it } from 'vitest';
import { frontier } from './frontier';

const se = (value: number | null) => ({ value, low: null, high: null, n: 20 });

describe('the frontier', () => {
  it('draws who is beaten by nobody in the order of cost, and leaves nobody out of the table', () => {
    const rows = [
      { name: 'both', per_100_usd: 3, sensitivity: se(0.95), pareto: true },
      { name: 'cheap', per_100_usd: 0, sensitivity: se(0.8), pareto: true },
      { name: 'dear', per_100_usd: 4, sensitivity: se(0.9), pareto: false },
      { name: 'unpriced', per_100_usd: null, sensitivity: se(0.99), pareto: false },
      { name: 'too few', per_100_usd: 1, sensitivity: se(null), pareto: false },
    ];
    const told = frontier(rows);
    expect(told.rows).toEqual(rows);
    expect(told.best).toEqual([
      [0, 0.8],
      [3, 0.95],
    ]);
    expect(told.others).toEqual([[4, 0.9]]);
  });

  it('of a file without one is nothing', () => {
    expect(frontier(undefined)).toEqual({ rows: [], best: [], others: [] });
  });
});
