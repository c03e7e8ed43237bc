import { describe, expect, it } from 'vitest';
import type { FindingView, ReportView, StudyView } from './asked';
import { aiWarning, fromDecided, missing, percent, sureness } from './words';

const finding = (told: Partial<FindingView> = {}, more: Partial<FindingView['finding']> = {}): FindingView => ({
  finding_id: 'r.0',
  finding: { code: 'wr:effusion', presence: 'present', ...more },
  label: 'effusion',
  acr_category: 3,
  priority_floor: 'P3',
  disputed: false,
  present_by: ['one'],
  absent_by: [],
  uncertain_by: [],
  places: [],
  needs_decision: true,
  decision: null,
  ...told,
});
const by = (decision: 'accept' | 'edit' | 'reject', told: FindingView['finding'] | null = null) => ({
  decision: { decision, by: 'rad', at: '', told },
});
const report = (findings: FindingView[], undecided: string[] = [], added: FindingView[] = []) =>
  ({ findings, undecided, added, history: [] }) as unknown as ReportView;

describe('how sure a finding is', () => {
  it('says that a number is not calibrated for it', () => {
    expect(sureness({ code: 'wr:x', presence: 'present', probability: 0.6, calibrator_id: 'a/pooled/x/1' })).toBe(
      '60 %, not calibrated',
    );
    expect(sureness({ code: 'wr:x', presence: 'present', probability: 0.6, calibrator_id: 'a/x/1' })).toBe(
      '60 % (calibrated)',
    );
    expect(sureness({ code: 'wr:x', presence: 'present', confidence_raw: 0.8, confidence_kind: 'stated' })).toBe(
      'stated 80 %, not calibrated',
    );
    expect(sureness({ code: 'wr:x', presence: 'present' })).toBeNull();
  });

  it('never rounds to certainty', () => {
    expect([percent(0.999), percent(0.001), percent(1), percent(0)]).toEqual(['> 99 %', '< 1 %', '100 %', '0 %']);
  });
});

describe('what keeps a report from its signature', () => {
  it('names the findings that nobody decided on', () => {
    const open = finding({}, { laterality: 'left' });
    expect(missing(report([open], ['r.0']), 'words')).toBe('Decide on left effusion first');
  });

  it('is nothing where everything is accepted: the report’s own words stand', () => {
    expect(missing(report([finding(by('accept'))]), '')).toBeNull();
  });

  it('is the impression where a human changed the findings, or nobody read', () => {
    expect(missing(report([finding(by('reject'))]), ' ')).toBe('Write an impression first');
    expect(missing(report([]), '')).toBe('Write an impression first');
    expect(missing(report([finding(by('reject'))]), 'Nothing acute.')).toBeNull();
  });
});

describe('an impression from decided findings', () => {
  it('leaves out what was rejected and what nobody decided on, and says what a human said', () => {
    const told = { code: 'wr:effusion', presence: 'uncertain', laterality: 'right', location: 'base' } as const;
    const all = [finding(), finding(by('reject')), finding(by('edit', told)), finding(by('accept'))];
    expect(fromDecided(all)).toBe('Possible right effusion (base).\nEffusion.');
  });
});

describe('what AI did', () => {
  it.each(['failed', 'unread', 'not_asked'] as const)('%s is never a negative read', (ai) => {
    expect(aiWarning({ ai } as StudyView, report([]))).toContain('not a negative read');
  });

  it('is not warned of where it read', () => {
    expect(aiWarning({ ai: 'read' } as StudyView, report([]))).toBeNull();
  });
});
