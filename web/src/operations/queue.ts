/** The open studies by status and urgency, as a table needs them. */
import type { Schemas } from '../shared/api';

export const COLUMNS = ['P1', 'P2', 'P3', 'P4', 'P5', 'UNREAD', 'pending'] as const;
export type Column = (typeof COLUMNS)[number];
const ORDER: readonly Schemas['StudyStatus'][] = ['receiving', 'queued', 'reading', 'failed', 'held', 'reported'];

export interface QueueRow {
  status: Schemas['StudyStatus'];
  counts: Record<Column, number>;
  total: number;
}

/** One row a status that has open studies, in the order a study walks. */
export function queue(studies: readonly Schemas['StudyCount'][]): QueueRow[] {
  const open = studies.filter((one) => one.open);
  return ORDER.filter((status) => open.some((one) => one.status === status)).map((status) => {
    const counts = Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Record<Column, number>;
    for (const one of open) {
      if (one.status === status) counts[one.priority ?? 'pending'] += one.n;
    }
    return { status, counts, total: Object.values(counts).reduce((sum, n) => sum + n, 0) };
  });
}
