/** Which studies the list shows, as its address says it. The words that are searched for stay out of it: they may be a name. */
import type { Schemas } from '../shared/api';

export const TABS = ['my', 'unassigned', 'all', 'signed'] as const;
export type Tab = (typeof TABS)[number];
export const URGENCIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'UNREAD', 'pending'] as const;
export type UrgencyAsked = (typeof URGENCIES)[number];
export const AI_STATES = ['pending', 'reading', 'read', 'failed', 'unread', 'not_asked'] as const;
const SORTS = ['standing', 'arrived_at', 'study_date', 'signed_at'] as const;

/** What is asked for; null leaves nothing out. */
export interface Asked {
  tab: Tab;
  urgency: UrgencyAsked | null;
  modality: string | null;
  source: string | null;
  ai: Schemas['AiState'] | null;
  disputed: boolean;
  overdue: boolean;
  sort: Schemas['Sort'] | null;
}

export const EVERYTHING: Asked = {
  tab: 'all',
  urgency: null,
  modality: null,
  source: null,
  ai: null,
  disputed: false,
  overdue: false,
  sort: null,
};

/** What an address asks for. What it says that means nothing here leaves nothing out. */
export function readAsked(search: string): Asked {
  const said = new URLSearchParams(search);
  const modality = said.get('modality');
  return {
    tab: among(TABS, said.get('list')) ?? 'all',
    urgency: among(URGENCIES, said.get('urgency')),
    modality: modality !== null && /^[A-Za-z0-9_ ]{1,16}$/.test(modality) ? modality : null,
    source: said.get('site') || null,
    ai: among(AI_STATES, said.get('ai')),
    disputed: said.get('disagree') === 'yes',
    overdue: said.get('overdue') === 'yes',
    sort: among(SORTS, said.get('order')),
  };
}

/** The address's query for it, "" for the whole list: the same list always has the same address. */
export function writeAsked(asked: Asked): string {
  const said = new URLSearchParams();
  if (asked.tab !== 'all') said.set('list', asked.tab);
  if (asked.urgency) said.set('urgency', asked.urgency);
  if (asked.modality) said.set('modality', asked.modality);
  if (asked.source) said.set('site', asked.source);
  if (asked.ai) said.set('ai', asked.ai);
  if (asked.disputed) said.set('disagree', 'yes');
  if (asked.overdue) said.set('overdue', 'yes');
  if (asked.sort && asked.sort !== orderOf({ ...asked, sort: null })) said.set('order', asked.sort);
  return said.size ? `?${said}` : '';
}

/** The order in which a list stands: what waits by how soon it is wanted, what is signed by when it was. */
export function orderOf(asked: Asked): Schemas['Sort'] {
  const own = asked.tab === 'signed' ? 'signed_at' : 'standing';
  return asked.sort && sortsOf(asked.tab).includes(asked.sort) ? asked.sort : own;
}

/** The orders that say something of a list. */
export function sortsOf(tab: Tab): readonly Schemas['Sort'][] {
  return SORTS.filter((one) => one !== (tab === 'signed' ? 'standing' : 'signed_at'));
}

/** Whether anything but the tab leaves studies out. */
export function isNarrowed(asked: Asked, text: string): boolean {
  return text !== '' || writeAsked({ ...asked, tab: 'all', sort: null }) !== '';
}

/** The query of the API for it. `me` is the login that studies are assigned to. */
export function queryOf(asked: Asked, text: string, me: string) {
  const { urgency } = asked;
  return {
    open: asked.tab !== 'signed',
    ...(asked.tab === 'my' ? { assignee: me } : asked.tab === 'unassigned' ? { assignee: 'none' } : {}),
    ...(urgency === 'pending' ? { pending: true } : urgency ? { priority: [urgency] } : {}),
    ...(asked.modality ? { modality: asked.modality } : {}),
    ...(asked.source ? { source: asked.source } : {}),
    ...(asked.ai ? { ai: [asked.ai] } : {}),
    ...(asked.disputed ? { disputed: true } : {}),
    ...(asked.overdue && asked.tab !== 'signed' ? { overdue: true } : {}),
    ...(text.trim() ? { text: text.trim().slice(0, 200) } : {}),
    sort: orderOf(asked),
  };
}

export type ListQuery = ReturnType<typeof queryOf>;

function among<T extends string>(known: readonly T[], said: string | null): T | null {
  return known.find((one) => one === said) ?? null;
}
