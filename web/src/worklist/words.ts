/** How the list says things: short, in the field's words, and never "nothing found" where nobody looked. */
import type { Schemas } from '../shared/api';
import { span } from '../shared/time';

/** A row as the pages keep it: how long it waits is told by the clock, not by the last answer. */
export type Row = Omit<Schemas['WorklistRow'], 'waiting_s'>;

export const AI_WORDS: Record<Schemas['AiState'], string> = {
  pending: 'waits for AI',
  reading: 'AI is reading…',
  read: 'read by AI',
  failed: 'AI failed',
  unread: 'AI did not read this',
  not_asked: 'AI was not asked',
};

/** How soon a human must act: the words, whether the moment has passed, and which share of the time is left (0 to 1). */
export function dueIn(
  row: Pick<Row, 'open' | 'deadline' | 'arrived_at'>,
  now: number,
): { words: string; overdue: boolean; left: number } {
  if (!row.open) return { words: 'signed', overdue: false, left: 0 };
  const deadline = Date.parse(row.deadline);
  const whole = deadline - Date.parse(row.arrived_at);
  const left = deadline - now;
  if (left < 0) return { words: `overdue ${span(-left / 1000)}`, overdue: true, left: 0 };
  return { words: span(left / 1000), overdue: false, left: whole > 0 ? Math.min(1, left / whole) : 0 };
}

/** How long it waits, or waited until somebody signed it. */
export function waited(row: Pick<Row, 'open' | 'arrived_at' | 'signed_at'>, now: number): string {
  const until = !row.open && row.signed_at ? Date.parse(row.signed_at) : now;
  return span(Math.max(0, until - Date.parse(row.arrived_at)) / 1000);
}

/** What AI found first; where it did not read the study that is said instead, so that no cell looks like a negative. */
export function firstFinding(row: Pick<Row, 'ai' | 'top_finding'>): { words: string; isFinding: boolean } {
  if (row.ai !== 'read') return { words: AI_WORDS[row.ai], isFinding: false };
  return row.top_finding
    ? { words: row.top_finding, isFinding: true }
    : { words: 'read; no finding reported', isFinding: false };
}

/** Where a study stands: AI's part, and whether a human is through with it. */
export function standing(row: Pick<Row, 'ai' | 'status'>): string {
  const read = AI_WORDS[row.ai];
  if (row.status === 'signed') return row.ai === 'read' ? 'signed' : `signed; ${read}`;
  if (row.status === 'receiving') return 'images arriving';
  if (row.status === 'held') return 'held: AI was not asked';
  return read;
}

/** A share as a percentage; an en dash where nobody gave one. */
export function share(value: number | null): string {
  return value === null ? '–' : `${Math.round(value * 100)} %`;
}

/** "1 study", "2,000+ studies". */
export function studies(count: number, atLeast = false): string {
  return `${count.toLocaleString('en')}${atLeast ? '+' : ''} ${count === 1 && !atLeast ? 'study' : 'studies'}`;
}

export const ORDER_WORDS: Record<Schemas['Sort'], string> = {
  standing: 'as they should be read',
  arrived_at: 'newest arrival first',
  study_date: 'newest examination first',
  signed_at: 'last signed first',
};
