import { Conflict, NotLoggedIn } from '@wetread/client';
import { useCallback, useEffect, useReducer, useRef } from 'react';
import { api, keys, queries, type Schemas, sessionEnded } from '../shared/api';
import { words } from '../shared/Problem';
import type { ReportView } from './asked';
import { advance, begun, type Kept, type Writing } from './draft';

const AFTER_LAST_KEY_MS = 1_000;
const AGAIN_MS = 10_000;
const MOST_KEPT_ALIVE = 60_000; // a browser lets 64 KiB of a leaving page through

/** The impression's words as they are written, and the ways to save them. */
export interface DraftInHand {
  writing: Writing;
  type: (text: string) => void;
  /** Save now; true once the service has what is shown. */
  save: () => Promise<boolean>;
  resolve: (text: string) => void;
}

/**
 * The draft is saved a second after the last key and on leaving, over the revision that was looked at. What is not
 * saved survives a reload and an expired session, for the same person only.
 */
export function useDraft(report: ReportView, me: string, writable: boolean): DraftInHand {
  const id = report.study_id;
  const [writing, happen] = useReducer(advance, null, () => begun(report.draft, keptFor(id, me)));
  const now = useRef(writing);
  now.current = writing;
  const signed = report.signature !== null && report.status !== 'rejected';
  useEffect(() => {
    happen(signed ? { kind: 'signed' } : { kind: 'told', draft: report.draft });
  }, [report.draft, signed]);
  useEffect(() => {
    if (writing.text !== writing.saved) keep(id, me, writing);
    else forget(id);
  }, [id, me, writing]);
  const save = useSaving(id, now, happen);
  useEffect(() => {
    if (!writable || (writing.state !== 'waiting' && writing.state !== 'failed')) return;
    const timer = setTimeout(() => void save(), writing.state === 'waiting' ? AFTER_LAST_KEY_MS : AGAIN_MS);
    return () => clearTimeout(timer);
  }, [writing, writable, save]);
  useLeaving(id, now, writable);
  return {
    writing,
    save,
    type: useCallback((text: string) => happen({ kind: 'typed', text }), []),
    resolve: useCallback((text: string) => happen({ kind: 'resolved', text }), []),
  };
}

function useSaving(id: string, now: { current: Writing }, happen: (what: Parameters<typeof advance>[1]) => void) {
  const running = useRef<Promise<boolean> | null>(null);
  return useCallback(async (): Promise<boolean> => {
    if (running.current) await running.current;
    const { text, saved, revision, state } = now.current;
    if (state === 'conflict') return false;
    if (text === saved) return true;
    happen({ kind: 'sent' });
    running.current = put(id, text, revision).then((draft) => {
      happen(draft);
      return draft.kind === 'stored';
    });
    const done = await running.current;
    running.current = null;
    return done;
  }, [id, now, happen]);
}

async function put(id: string, text: string, revision: number) {
  const path = { study_id: id };
  try {
    await queries.cancelQueries({ queryKey: keys.report(id) });
    const options = { path, body: { text }, ifMatch: `"${revision}"` };
    const draft = await api.put('/api/v1/studies/{study_id}/report', options);
    queries.setQueryData<ReportView>(keys.report(id), (report) => report && { ...report, draft });
    return { kind: 'stored', draft } as const;
  } catch (problem) {
    if (problem instanceof Conflict) {
      const theirs = await present(id);
      if (theirs && theirs.revision !== revision) return { kind: 'conflicted', theirs } as const;
    }
    if (problem instanceof NotLoggedIn) sessionEnded();
    return { kind: 'refused', problem: words(problem) } as const;
  }
}

/** The draft as the service has it now; null where it does not say. */
async function present(id: string): Promise<Schemas['DraftView'] | null> {
  try {
    const report = await api.get('/api/v1/studies/{study_id}/report', { path: { study_id: id } });
    queries.setQueryData(keys.report(id), report);
    return report.draft;
  } catch {
    return null;
  }
}

function useLeaving(id: string, now: { current: Writing }, writable: boolean): void {
  const may = useRef(writable);
  may.current = writable;
  useEffect(() => {
    const leave = (): void => {
      const { text, saved, revision, state } = now.current;
      const body = JSON.stringify({ text });
      if (!may.current || text === saved || state === 'conflict' || body.length > MOST_KEPT_ALIVE) return;
      if (!queries.getQueryData(keys.session)) return; // logged out: the words wait in this tab for the same person
      const headers = { 'content-type': 'application/json', 'if-match': `"${revision}"` };
      const init = { body, headers, keepalive: true };
      void api.send('put', `/api/v1/studies/${id}/report`, init).then(
        () => queries.invalidateQueries({ queryKey: keys.report(id) }),
        () => undefined,
      );
    };
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [id, now]);
}

const placeOf = (id: string): string => `wetread.words.${id}`;

function keptFor(id: string, me: string): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(placeOf(id)) ?? 'null') as Kept | null;
    if (kept && kept.by !== me) forget(id);
    return kept?.by === me ? kept : null;
  } catch {
    return null;
  }
}

function keep(id: string, by: string, { text, saved, revision }: Writing): void {
  sessionStorage.setItem(placeOf(id), JSON.stringify({ by, text, saved, revision } satisfies Kept));
}

function forget(id: string): void {
  sessionStorage.removeItem(placeOf(id));
}
