/** The impression while it is written: what is shown, what the service has, and how the two stand. Pure. */
import type { Schemas } from '../shared/api';

type DraftView = Schemas['DraftView'];

export interface Writing {
  text: string;
  /** What the service has, as far as is known here. */
  saved: string;
  revision: number;
  state: 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict';
  problem: string | null;
  /** The words that somebody else saved meanwhile; only in a conflict. */
  theirs: DraftView | null;
}

export type Happened =
  | { kind: 'told'; draft: DraftView }
  | { kind: 'typed'; text: string }
  | { kind: 'sent' }
  | { kind: 'stored'; draft: DraftView }
  | { kind: 'refused'; problem: string }
  | { kind: 'conflicted'; theirs: DraftView }
  | { kind: 'resolved'; text: string }
  | { kind: 'signed' };

/** Words that were not saved when the page was left, and what they were written over. */
export interface Kept {
  by: string;
  text: string;
  saved: string;
  revision: number;
}

export const NOTHING: Writing = { text: '', saved: '', revision: 0, state: 'saved', problem: null, theirs: null };

/** How the writing begins: with the service's draft, and what was kept unsaved over it. */
export function begun(draft: DraftView, kept: Kept | null): Writing {
  const fresh = { ...NOTHING, text: draft.text, saved: draft.text, revision: draft.revision };
  if (!kept || kept.text === draft.text) return fresh;
  const mine: Writing = { ...fresh, text: kept.text, saved: kept.saved, revision: kept.revision, state: 'waiting' };
  return draft.revision === kept.revision ? mine : { ...mine, state: 'conflict', theirs: draft };
}

/** How it stands after something happened. Nobody's words are ever replaced by others without a human's choice. */
export function advance(now: Writing, what: Happened): Writing {
  switch (what.kind) {
    case 'typed':
      return { ...now, text: what.text, state: now.state === 'conflict' ? 'conflict' : stateOf(what.text, now.saved) };
    case 'sent':
      return { ...now, state: 'saving', problem: null };
    case 'stored':
      return stored(now, what.draft);
    case 'refused':
      return { ...now, state: 'failed', problem: what.problem };
    case 'told':
      return told(now, what.draft);
    case 'conflicted':
      return what.theirs.text === now.text ? stored(now, what.theirs) : conflict(now, what.theirs);
    case 'resolved': {
      const theirs = now.theirs ?? { text: now.saved, revision: now.revision };
      const text = what.text;
      return { ...NOTHING, text, saved: theirs.text, revision: theirs.revision, state: stateOf(text, theirs.text) };
    }
    case 'signed':
      return now.text === now.saved ? NOTHING : now; // unsaved words stay, to be used in an addendum
  }
}

/** How it stands, in words. */
export function stateWords(now: Writing): string {
  switch (now.state) {
    case 'saved':
      return now.revision > 0 ? 'Saved' : 'Nothing written yet';
    case 'waiting':
      return 'Not saved yet';
    case 'saving':
      return 'Saving…';
    case 'failed':
      return `Not saved: ${now.problem}`;
    case 'conflict':
      return `Not saved: ${now.theirs?.by ?? 'somebody'} changed the draft meanwhile`;
  }
}

function told(now: Writing, draft: DraftView): Writing {
  if (draft.revision <= now.revision || now.state === 'saving') return now;
  if (now.text === now.saved || draft.text === now.text) return stored({ ...now, text: draft.text }, draft);
  return conflict(now, draft);
}

function stored(now: Writing, draft: DraftView): Writing {
  const state = stateOf(now.text, draft.text);
  return { ...now, saved: draft.text, revision: draft.revision, state, problem: null, theirs: null };
}

function conflict(now: Writing, theirs: DraftView): Writing {
  return { ...now, state: 'conflict', theirs, problem: null };
}

function stateOf(text: string, saved: string): 'saved' | 'waiting' {
  return text === saved ? 'saved' : 'waiting';
}
