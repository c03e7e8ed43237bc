import { describe, expect, it } from 'vitest';
import type { Schemas } from '../shared/api';
import { bars, spent } from './costs';
import { away, today } from './day';
import { queue } from './queue';

describe('the queue', () => {
  it('counts open studies by status and urgency, pending apart from every urgency', () => {
    const rows = queue([
      { open: true, status: 'reported', priority: 'P1', n: 2 },
      { open: true, status: 'reported', priority: 'UNREAD', n: 1 },
      { open: true, status: 'queued', priority: null, n: 4 },
      { open: false, status: 'signed', priority: 'P1', n: 9 },
    ]);
    expect(rows.map((row) => [row.status, row.total])).toEqual([
      ['queued', 4],
      ['reported', 3],
    ]);
    expect(rows[0]?.counts.pending).toBe(4);
    expect(rows[1]?.counts.UNREAD).toBe(1);
  });
});

describe('days', () => {
  it('are those of UTC, over months and leap days', () => {
    expect(today(new Date('2026-11-01T23:30:00-05:00'))).toBe('2026-11-02');
    expect(away('2028-03-01', -1)).toBe('2028-02-29');
    expect(away('no day', 1)).toBeNull();
  });
});

describe('costs', () => {
  const cost = (day: string, reader: string, cost_usd: number | null, unpriced = 0): Schemas['Cost'] => ({
    day,
    reader,
    cost_usd,
    unpriced,
    reads: 1,
  });
  const told = [cost('2026-11-02', 'a', 0.5), cost('2026-11-01', 'b', 2), cost('2026-11-02', 'c', null, 1)];

  it('are one row of bars a reader, the dearest first, days without reads empty', () => {
    const made = bars(told, '2026-11-02', 2);
    expect(made.map((one) => one.reader)).toEqual(['b', 'a', 'c']);
    expect(made[0]?.days.map((day) => day.usd)).toEqual([2, 0]);
    expect(made[2]).toMatchObject({ total: null, unpriced: 1 });
  });

  it('of a day are unknown where nothing has a price', () => {
    expect(spent(told, '2026-11-02')).toBe(0.5);
    expect(spent([cost('2026-11-02', 'c', null, 1)], '2026-11-02')).toBeNull();
    expect(spent(told, '2026-11-03')).toBe(0);
  });
});
