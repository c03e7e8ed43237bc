import { describe, expect, it } from 'vitest';
import type { FindingView, ReportView } from '../reader/asked';
import { byWhom, headline, unsaid } from './words';

const signature = { by: 'rad', at: '2026-01-02T03:04:05', preliminary_id: 'x', reason: 'wrong patient' };
const told = (status: string, signed = true) =>
  ({ status, signature: signed ? signature : null, findings: [], added: [], history: [] }) as unknown as ReportView;
const absent = { label: 'nodule', finding: { code: 'wr:n', presence: 'absent' }, decision: null } as FindingView;
const said = {
  label: 'mass',
  finding: { code: 'wr:m', presence: 'present' },
  present_by: ['one'],
  uncertain_by: [],
  absent_by: ['two'],
  decision: null,
} as unknown as FindingView;

describe('a report on paper', () => {
  it('says first whether a human stands behind it', () => {
    expect(headline(told('preliminary', false), null)).toBe('PRELIMINARY: not signed by a human');
    expect(headline(told('final'), null)).toBe('FINAL: signed by rad, 2026-01-02 03:04');
    expect(headline(told('amended'), null)).toBe('FINAL, AMENDED: signed by rad, 2026-01-02 03:04');
    const history = [{ superseded_at: null, status: 'rejected' }] as ReportView['history'];
    const taken = { ...told('preliminary', false), history };
    expect(headline(taken, 'report withdrawn by rad: wrong patient')).toMatch(/^WITHDRAWN: .*wrong patient/);
  });

  it('says who stands behind a finding and that no human has spoken', () => {
    expect(byWhom(said, told('preliminary', false))).toBe('one; not seen by two; not decided by a human');
    expect(byWhom(said, told('final'))).toBe('one; not seen by two');
  });

  it('lists what was not seen, and nothing that was rejected', () => {
    const rejected = { ...said, decision: { decision: 'reject', by: 'rad', at: '', told: null } } as FindingView;
    expect(unsaid({ ...told('preliminary', false), findings: [absent, rejected] })).toEqual(['nodule']);
  });
});
