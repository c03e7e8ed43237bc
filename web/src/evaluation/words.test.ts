import { describe, expect, it } from 'vitest';
import { cell, chance, figure, heading, NOTHING, TOO_FEW } from './words';

const one = { value: 0.8124, low: 0.765, high: 0.8556, n: 152 };

describe('figures of an evaluation', () => {
  it.each([
    [figure(one), '0.812 [0.765, 0.856]'],
    [figure(one, 'percent'), '81 % [77, 86]'],
    [figure({ ...one, value: 0.004, low: 0.001, high: 0.02 }, 'percent'), '0.4 % [0.1, 2.0]'],
    [figure({ ...one, value: 12.34, low: 9.87, high: 15 }, 'minutes'), '12 min [9.9, 15]'],
    [figure({ ...one, low: null, high: null }), '0.812 (no interval)'],
  ])('%s', (told, wanted) => {
    expect(told).toBe(wanted);
  });

  it('are never made up where there are too few cases', () => {
    for (const nothing of [null, undefined, { value: null, low: null, high: null, n: 3 }])
      expect(figure(nothing)).toBe(TOO_FEW);
    expect(cell({ value: null, low: null, high: null, n: 0 })).toBe(`${TOO_FEW}, n 0`);
  });

  it('never call a chance none', () => {
    expect(chance(0.00001)).toBe('< 0.001');
    expect(chance(0.5)).toBe('0.500');
    expect(chance(null)).toBe(NOTHING);
  });

  it('carry their n wherever a table shows them', () => {
    expect(cell(one)).toBe('0.812 [0.765, 0.856], n 152');
  });
});

describe('what a file tells', () => {
  it.each([
    [heading('critical_sensitivity'), 'critical sensitivity'],
    [heading('mean_min'), 'mean (min)'],
    [heading('per_100_usd'), 'per 100 (US$)'],
    [cell(null), NOTHING],
    [cell(''), NOTHING],
    [cell(0), '0'],
    [cell(1234), '1,234'],
    [cell(0.5), '0.500'],
    [cell(123.4), '123'],
    [cell(true), 'yes'],
    [cell(['a', 2]), 'a, 2'],
    [cell({ codes: ['x'], n_pos: 3 }), 'codes x; n pos 3'],
  ])('%s', (told, wanted) => {
    expect(told).toBe(wanted);
  });
});
