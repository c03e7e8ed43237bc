import { describe, expect, it } from 'vitest';
import { ageAndSex, person } from '../shared/person';
import { dueIn, firstFinding, share, standing, studies, waited } from './words';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const row = { open: true, arrived_at: '2026-03-02T11:00:00Z', deadline: '2026-03-02T13:00:00Z', signed_at: null };

describe('the words of a row', () => {
  it.each([
    ['Doe^Jane^Ann', 'Doe, Jane Ann'],
    ['^^^^', 'no name'],
    [null, 'no name'],
    ['=山田^太郎', '山田, 太郎'],
    ['Doe', 'Doe'],
    ['^Jane', 'Jane'],
  ])('%s is %s', (name, words) => expect(person(name)).toBe(words));

  it('say what is due by the clock', () => {
    expect(dueIn(row, NOON)).toEqual({ words: '1 h 00', overdue: false, left: 0.5 });
    expect(dueIn(row, NOON + 90 * 60_000)).toEqual({ words: 'overdue 30 min', overdue: true, left: 0 });
    expect(dueIn({ ...row, open: false }, NOON + 90 * 60_000)).toMatchObject({ words: 'signed', overdue: false });
    expect(waited(row, NOON)).toBe('1 h 00');
    expect(waited({ ...row, open: false, signed_at: '2026-03-02T11:05:00Z' }, NOON)).toBe('5 min');
  });

  it.each(['failed', 'unread', 'pending', 'reading', 'not_asked'] as const)('never call %s a negative', (ai) => {
    const said = firstFinding({ ai, top_finding: 'Pneumonia' });
    expect(said.isFinding).toBe(false);
    expect(said.words).toMatch(/AI/);
    expect(standing({ ai, status: 'signed' })).toMatch(/^signed; .*AI/);
  });

  it('say nothing where nothing is known', () => {
    expect(share(null)).toBe('–');
    expect(share(0.873)).toBe('87 %');
    expect(ageAndSex({ age_years: null, sex: null })).toBe('');
    expect(ageAndSex({ age_years: 0.6, sex: 'M' })).toBe('7 mo M');
    expect([studies(1), studies(2000, true)]).toEqual(['1 study', '2,000+ studies']);
  });
});
