import { describe, expect, it } from 'vitest';
import { bytes, dollars, percent, took } from './figures';

describe('figures', () => {
  it('never make a zero of what nobody knows', () => {
    for (const tell of [percent, dollars, took]) {
      expect(tell(null)).toBe('–');
      expect(tell(0)).not.toBe('–');
    }
  });

  it.each([
    [percent(0.614), '61 %'],
    [percent(0.004), '0.4 %'],
    [dollars(0.0123), '$0.0123'],
    [dollars(12.5), '$12.50'],
    [dollars(0.05), '$0.05'],
    [dollars(0), '$0.00'],
    [took(0.42), '0.42 s'],
    [took(59.7), '1 min 0 s'],
    [took(7500), '2 h 05'],
    [bytes(512), '512 B'],
    [bytes(1536), '1.5 KiB'],
    [bytes(1024 ** 3 * 250), '250 GiB'],
  ])('%s', (told, wanted) => {
    expect(told).toBe(wanted);
  });
});
