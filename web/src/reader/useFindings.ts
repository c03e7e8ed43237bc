import { useMutation } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { keys, queries, type Schemas } from '../shared/api';
import { decide, type FindingView, type ReportView } from './asked';

const SAID = new Set(['present', 'uncertain']);

/** The findings that are looked at one by one, which one is selected, and what a human does to it. */
export interface FindingsInHand {
  /** Said to be there, or spoken on by a human. */
  cards: FindingView[];
  /** Checked and not seen, or not assessable. */
  rest: FindingView[];
  selected: FindingView | null;
  select: (id: string | null) => void;
  /** The one `by` places further on, round the end; null where there is none. */
  step: (by: 1 | -1) => FindingView | null;
  decide: (view: FindingView, decision: 'accept' | 'reject') => void;
  busy: boolean;
  problem: unknown;
}

/** Whether it stands as a card of its own. */
export function isCard(view: FindingView): boolean {
  return SAID.has(view.finding.presence) || view.decision !== null;
}

export function useFindings(report: ReportView): FindingsInHand {
  const [id, select] = useState<string | null>(null);
  const all = [...report.findings, ...report.added];
  const cards = all.filter(isCard);
  const selected = cards.find((one) => one.finding_id === id) ?? null;
  const deciding = useMutation({
    mutationFn: async ({ view, decision }: { view: FindingView; decision: Schemas['Verdict'] }) => {
      await decide(report.study_id, view.finding_id, { decision });
      await queries.refetchQueries({ queryKey: keys.report(report.study_id) }); // until then it is not seen here
    },
  });
  const step = (by: 1 | -1): FindingView | null => {
    const at = selected ? cards.indexOf(selected) : by > 0 ? -1 : 0;
    const next = cards[(at + by + cards.length) % Math.max(1, cards.length)] ?? null;
    select(next?.finding_id ?? null);
    return next;
  };
  const { mutate } = deciding;
  return {
    cards,
    rest: all.filter((one) => !isCard(one)),
    selected,
    select,
    step,
    decide: useCallback((view, decision) => mutate({ view, decision }), [mutate]),
    busy: deciding.isPending,
    problem: deciding.error,
  };
}
