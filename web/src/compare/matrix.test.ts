import { describe, expect, it } from 'vitest';
import type { Schemas } from '../shared/api';
import { difference, probability, rows, silence, versions } from './matrix';

type Finding = Schemas['Finding'];
const finding = (code: string, presence: Schemas['Presence'], more: Partial<Finding> = {}): Finding => ({
  code,
  presence,
  ...more,
});
const read = (name: string, version: number, ...findings: Finding[]): Schemas['ReadView'] => ({
  read_id: `${name}-${version}`,
  version,
  reader: { name, version: '1', fingerprint: 'f' },
  answered: true,
  read: { reader: { name, version: '1', fingerprint: 'f' }, findings },
  abstention: null,
  cost_usd: null,
  latency_s: null,
  at: '2026-11-01T00:00:00Z',
  heatmaps: [],
});

describe('the matrix', () => {
  const one = read('one', 1, finding('wr:a', 'absent'), finding('wr:b', 'present'), finding('wr:c', 'absent'));
  const other = read('other', 1, finding('wr:a', 'absent'), finding('wr:b', 'absent'), finding('wr:c', 'uncertain'));

  it('puts disagreement first, then what may be there, then the rest', () => {
    const made = rows([one, other], [], null, { 'wr:a': 'Aa', 'wr:b': 'Bb', 'wr:c': 'Cc' });
    expect(made.map((row) => row.label)).toEqual(['Bb', 'Cc', 'Aa']);
    expect(made.map((row) => row.disputed)).toEqual([true, false, false]);
  });

  it('leaves what a reader did not answer empty, never absent', () => {
    const broken = { ...other, answered: false };
    const [row] = rows([one, broken], [], null, {});
    expect(row?.said[1]).toEqual([]);
  });

  it('tells a reader that broke from one that was not needed', () => {
    const { reader } = other;
    const silent = { ...other, answered: false, read: null };
    expect(silence({ ...silent, abstention: { reader, reason: 'down', failed: true } })).toBe('failed');
    expect(silence({ ...silent, abstention: { reader, reason: 'not mine' } })).toBe('abstained');
    expect(silence({ ...silent, abstention: { reader, reason: '', code: 'not_asked' } })).toBe('not asked');
    expect(silence(one)).toBeNull();
  });

  it('takes the human out of the readers after the signature', () => {
    const joined = { finding: finding('wr:b', 'absent'), present_by: ['one'], absent_by: ['other', 'rad'] };
    const row = rows([one, other], [joined], 'rad', {}).find((each) => each.code === 'wr:b');
    expect(row?.panel).toEqual({ finding: null, present: ['one'], uncertain: [], absent: ['other'] });
    expect(row?.signed?.presence).toBe('absent');
  });

  it('names what only a human told', () => {
    const made = rows([one], [{ finding: finding('wr:z', 'present'), present_by: ['rad'] }], 'rad', {});
    expect(made.find((row) => row.code === 'wr:z')?.added).toBe(true);
  });
});

describe('the difference from the signed report', () => {
  it.each([
    ['present', 'present', 'agreed'],
    ['absent', 'absent', 'agreed'],
    ['absent', 'present', 'missed'],
    ['present', 'absent', 'not confirmed'],
    ['uncertain', 'absent', 'not confirmed'],
    ['uncertain', 'present', 'changed'],
    ['not_assessable', 'present', 'not said'],
    ['present', 'not_assessable', null],
  ] as const)('%s, signed %s: %s', (said, signed, told) => {
    expect(difference(finding('wr:a', said), finding('wr:a', signed))).toBe(told);
  });

  it('is a change where the side differs', () => {
    const left = finding('wr:a', 'present', { laterality: 'left' });
    expect(difference(left, finding('wr:a', 'present', { laterality: 'right' }))).toBe('changed');
    expect(difference(left, finding('wr:a', 'present'))).toBe('agreed');
  });

  it('is nothing where nobody has signed, and a silence is no miss', () => {
    expect(difference(finding('wr:a', 'present'), null)).toBeNull();
    expect(difference(null, finding('wr:a', 'present'))).toBe('not said');
  });
});

describe('figures of a finding', () => {
  it('say what nobody calibrated', () => {
    expect(probability(finding('wr:a', 'present', { probability: 0.614 }))).toBe('61 %');
    expect(probability(finding('wr:a', 'present', { probability: 0.004 }))).toBe('0.4 %');
    expect(probability(finding('wr:a', 'present', { confidence_raw: 0.9 }))).toBe('stated 90 %');
    expect(probability(finding('wr:a', 'present'))).toBeNull();
  });

  it('list versions newest first', () => {
    expect(versions([read('a', 1), read('a', 3), read('b', 3)])).toEqual([3, 1]);
  });
});
