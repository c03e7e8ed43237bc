import { describe, expect, it } from 'vitest';
import { asked, exported } from './audit';
import { daysProblem, instant, loginProblem, passwordProblem } from './checks';
import { tables, text } from './tables';

describe('settings as tables', () => {
  it('name the table and the key of the file, and the variable that wins over it', () => {
    const made = tables(
      { http: '127.0.0.1:8080', flow: { attempts: 4, more: { deep: [1, 2] } }, oidc: null },
      'service',
    );
    expect(made.map((table) => table.name)).toEqual(['service', 'service.flow', 'service.flow.more']);
    expect(made[1]?.rows).toEqual([{ key: 'attempts', value: '4', environment: 'WETREAD_SERVICE__FLOW__ATTEMPTS' }]);
    expect(made[0]?.rows.map((row) => row.value)).toEqual(['127.0.0.1:8080', 'not set']);
  });

  it.each([
    [null, 'not set'],
    [0, '0'],
    [false, 'no'],
    ['', 'empty'],
    [[], 'none'],
    [{}, 'none'],
    [['sr', 'ko'], 'sr, ko'],
  ])('tell %j as %s', (value, told) => {
    expect(text(value)).toBe(told);
  });
});

describe('what is typed', () => {
  it('is checked before the service is asked', () => {
    expect(passwordProblem('short')).toContain('12');
    expect(passwordProblem('wide-awake-at-night')).toBeNull();
    expect(loginProblem('  ')).not.toBeNull();
    expect(loginProblem('ada')).toBeNull();
  });

  it.each([
    ['', true],
    ['30', true],
    ['36500', true],
    ['36501', false],
    ['0', false],
    ['-1', false],
    ['1.5', false],
  ])('days %j', (days, good) => {
    expect(daysProblem(days) === null).toBe(good);
  });

  it('makes moments with a zone', () => {
    expect(instant('')).toBeNull();
    expect(instant('nonsense')).toBeNull();
    expect(instant('2026-11-01T10:00')).toMatch(/Z$/);
  });
});

describe('the audit', () => {
  it('is asked for what the address says, and exported by the same filters', () => {
    const wanted = asked(new URLSearchParams('actor=rad%20&action=&outcome=refused&other=1'));
    expect(wanted).toEqual({ actor: 'rad', outcome: 'refused' });
    expect(exported(wanted, 'fhir')).toBe('/api/v1/audit/export?actor=rad&outcome=refused&format=fhir');
  });
});
