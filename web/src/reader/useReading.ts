import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { changed, useMay } from '../shared/api';
import type { FindingView, ReadView, ReportView, StudyView } from './asked';
import { addForm, editForm, type FindingForm } from './findings/form';
import { type Hold, useLock } from './lock';
import { type ReadFirst, useReadFirst } from './readFirst';
import { type DraftInHand, useDraft } from './useDraft';
import { type FindingsInHand, useFindings } from './useFindings';
import { missing } from './words';

export type Tab = 'findings' | 'report' | 'audit';
export const WORDS_ID = 'reader-impression';

/** What a person may do here, now. */
export interface May {
  /** Write the impression: a permission, a study that waits, and one's own hold on it. */
  write: boolean;
  /** Decide on findings: the same, and one sees them. */
  decide: boolean;
  sign: boolean;
  /** Add to a signed report, or take one back. */
  amend: boolean;
  change: boolean;
  /** Write at all, were it not for somebody else's hold or a signature. */
  ever: boolean;
}

/** One study on one person's desk: what is known, what is in hand and what can be done. */
export interface Reading {
  me: string;
  study: StudyView;
  report: ReportView;
  reads: readonly ReadView[];
  signed: boolean;
  may: May;
  hold: Hold;
  takeOver: () => void;
  first: ReadFirst;
  findings: FindingsInHand;
  draft: DraftInHand;
  tab: Tab;
  setTab: (tab: Tab) => void;
  /** Where the focus is to go once it is there. */
  goal: string | null;
  aim: (goal: string | null) => void;
  form: FindingForm | null;
  setForm: (form: FindingForm | null) => void;
  edit: (view: FindingView) => void;
  add: () => void;
  show: (view: FindingView) => void;
  reveal: () => void;
  signing: boolean;
  setSigning: (signing: boolean) => void;
  /** Sign, or say what is missing and go there. */
  sign: () => void;
  blocked: string | null;
}

interface Known {
  me: string;
  study: StudyView;
  report: ReportView;
  reads: readonly ReadView[];
  tab: Tab;
  jump: (view: FindingView) => void;
}

export function useReading({ me, study, report, reads, tab, jump }: Known): Reading {
  const [, go] = useLocation();
  const signed = report.signature !== null && report.status !== 'rejected';
  const may = { write: useMay('report_write'), sign: useMay('report_sign'), change: useMay('study_change') };
  const ever = may.write && may.change;
  const { hold, takeOver } = useLock(study.study_id, me, study.lock, ever && !signed);
  const write = ever && !signed && hold.state === 'mine';
  const first = useReadFirst(study, report);
  const findings = useFindings(report);
  const draft = useDraft(report, me, write);
  const [goal, aim] = useState<string | null>(null);
  const [form, setForm] = useState<FindingForm | null>(null);
  const [signing, setSigning] = useState(false);
  const setTab = (next: Tab): void =>
    go(next === 'findings' ? `/study/${study.study_id}` : `?tab=${next}`, { replace: true });
  const { select } = findings;
  const text = draft.writing.text;
  const can: May = {
    ...may,
    write,
    decide: write && !first.hidden,
    sign: write && may.sign,
    amend: ever && may.sign,
    ever,
  };
  const next = findings.busy ? BUSY : nextStep(report, text, first.hidden);
  return {
    ...{ me, study, report, reads, signed, may: can, hold, takeOver, first, findings, draft, tab, setTab },
    ...{ goal, aim, form, setForm, signing, setSigning },
    blocked: next?.words ?? null,
    edit: useCallback((view: FindingView) => setForm(editForm(view)), []),
    add: useCallback(() => setForm(addForm()), []),
    show: useCallback(
      (view: FindingView) => {
        select(view.finding_id);
        jump(view);
      },
      [select, jump],
    ),
    reveal: () => void first.show(text).then(() => changed(study.study_id)),
    sign: () => {
      if (!can.sign) return;
      if (next === null) void draft.save().then((saved) => setSigning(saved));
      else if (next !== BUSY) {
        if (next.finding) select(next.finding);
        setTab(next.tab);
        aim(next.goal);
      }
    },
  };
}

const BUSY: Step = { words: 'A decision is being saved', tab: 'findings', goal: null };

interface Step {
  words: string;
  tab: Tab;
  goal: string | null;
  finding?: string;
}

/** What is to be done before the signature, and where; null: nothing. */
export function nextStep(report: ReportView, text: string, hidden: boolean): Step | null {
  if (hidden) return { words: 'Look at what AI said first', tab: 'findings', goal: 'reader-reveal' };
  const words = missing(report, text);
  const open = report.undecided[0];
  if (words === null) return null;
  if (open !== undefined) return { words, tab: 'findings', goal: findingPlace(open), finding: open };
  return { words, tab: 'report', goal: WORDS_ID };
}

/** Where a finding's card can take the focus. */
export function findingPlace(finding: string): string {
  return `finding-${finding}`;
}
