import { useCallback, useState } from 'react';
import { api, usePreferences } from '../shared/api';
import type { ReportView, StudyView } from './asked';

const PLACE = 'wetread.ai-shown';

/** "Read first": what AI said stays hidden until the person has looked alone. */
export interface ReadFirst {
  /** Whether this person reads first: by their preference, or because the study was drawn to be read so. */
  on: boolean;
  toggle: () => void;
  /** Whether AI's answer on this study is hidden now. While the preference is not known yet it is. */
  hidden: boolean;
  /** Show it: the audit keeps that it was asked for, and the impression's length and hash. */
  show: (impression: string) => Promise<void>;
}

export function useReadFirst(study: StudyView, report: ReportView): ReadFirst {
  const { preferences, known, keep } = usePreferences();
  const [shown, setShown] = useState(() => shownBefore().includes(study.study_id));
  const id = study.study_id;
  const wish = preferences['reader.readFirst'] === true;
  const on = wish || study.blinded;
  const something = report.findings.length > 0 || study.ai === 'read';
  const settled = shown || !something || report.signature !== null;
  const show = useCallback(
    async (impression: string) => {
      const body = { own_impression: impression.trim() === '' ? null : impression };
      await api.post('/api/v1/studies/{study_id}/ai-shown', { path: { study_id: id }, body });
      sessionStorage.setItem(PLACE, JSON.stringify([...shownBefore().slice(-500), id]));
      setShown(true);
    },
    [id],
  );
  return {
    on,
    toggle: () => void keep({ 'reader.readFirst': !wish }),
    hidden: !settled && (on || !known),
    show,
  };
}

function shownBefore(): string[] {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    return [];
  }
}
