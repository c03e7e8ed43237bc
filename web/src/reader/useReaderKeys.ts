import { useLocation } from 'wouter';
import { api } from '../shared/api';
import type { Shortcut } from '../shared/keyboard';
import { nextInList } from '../shared/list';
import type { FindingView } from './asked';
import { findingPlace, type Reading } from './useReading';

/** What the overlays show, and the ways to change it. */
export interface Overlays {
  shown: boolean;
  heat: boolean;
  drawing: boolean;
  toggle: () => void;
  toggleHeat: () => void;
  stopDrawing: () => void;
}

/** The keys of the reading page that are not the viewer's. A key whose act is not allowed is not listed. */
export function useReaderKeys(reading: Reading, overlays: Overlays): Shortcut[] {
  const [, go] = useLocation();
  const { findings, may, first } = reading;
  const step = (by: 1 | -1): void => {
    const view = findings.step(by);
    if (!view) return;
    reading.show(view);
    reading.setTab('findings');
    reading.aim(findingPlace(view.finding_id));
  };
  const onSelected = (act: (view: FindingView) => void) => () => {
    if (findings.selected) act(findings.selected);
  };
  const keys: Shortcut[] = [
    { key: 'o', does: 'hide or show every overlay', run: overlays.toggle },
    { key: 'Shift+N', does: 'next study of the list', run: () => void nextStudy(reading.study.study_id).then(go) },
    {
      key: 'Escape',
      does: 'leave a text field; else back to the list',
      inText: true,
      run: (event) => {
        const field = event.target as HTMLElement;
        if (overlays.drawing) overlays.stopDrawing();
        else if (field.matches('input, textarea, select')) field.blur();
        else go('/');
      },
    },
  ];
  if (!first.hidden) {
    keys.unshift(
      { key: 'n', does: 'next finding', run: () => step(1) },
      { key: 'b', does: 'finding before', run: () => step(-1) },
      { key: 'h', does: 'heat map', run: overlays.toggleHeat },
    );
  }
  if (may.decide) {
    keys.unshift(
      { key: 'a', does: 'accept the finding', run: onSelected((view) => findings.decide(view, 'accept')) },
      { key: 'e', does: 'edit the finding', run: onSelected(reading.edit) },
      { key: 'x', does: 'reject the finding', run: onSelected((view) => findings.decide(view, 'reject')) },
      { key: '+', does: 'add a finding', run: reading.add },
    );
  }
  if (may.write) {
    keys.push({ key: 'Ctrl+s', does: 'save the draft', run: () => void reading.draft.save(), inText: true });
  }
  if (may.sign) keys.push({ key: 'Ctrl+Enter', does: 'sign the report', run: reading.sign, inText: true });
  return keys;
}

/** Where the next study is: the one after this in the list it was opened from, else the first that waits. */
async function nextStudy(id: string): Promise<string> {
  const next = nextInList(id);
  if (next) return `/study/${next}`;
  const told = await api.get('/api/v1/worklist', { query: { open: true, limit: 2 } }).catch(() => null);
  const other = told?.rows.find((row) => row.study_id !== id);
  return other ? `/study/${other.study_id}` : '/';
}
