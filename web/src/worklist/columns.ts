/** The list's columns: which there are, how wide each must be, and which fold away first where the window is narrow. */

/** `least` px; `grows` is its part of what is left over; it `folds` first where that is small, never where it is null. */
export interface Column {
  id: string;
  name: string;
  least: number;
  grows?: number;
  folds: number | null;
  numeric?: boolean;
}

export const COLUMNS = [
  { id: 'urgency', name: 'Urgency', least: 108, folds: null },
  { id: 'due', name: 'Due in', least: 156, folds: null },
  { id: 'waiting', name: 'Waiting', least: 80, folds: 3 },
  { id: 'patient', name: 'Patient', least: 250, grows: 2, folds: null },
  { id: 'modality', name: 'Modality', least: 74, folds: 9 },
  { id: 'study', name: 'Study', least: 116, grows: 2, folds: 8 },
  { id: 'indication', name: 'Indication', least: 120, grows: 3, folds: 4 },
  { id: 'finding', name: 'Top finding', least: 170, grows: 2, folds: null },
  { id: 'confidence', name: 'Confidence', least: 88, folds: 5, numeric: true },
  { id: 'agreement', name: 'Agreement', least: 96, folds: 7 },
  { id: 'priors', name: 'Priors', least: 58, folds: 2, numeric: true },
  { id: 'images', name: 'Images', least: 64, folds: 1, numeric: true },
  { id: 'status', name: 'Status', least: 148, folds: null },
  { id: 'assignee', name: 'Assignee', least: 92, folds: 6 },
] as const satisfies readonly Column[];
export type ColumnId = (typeof COLUMNS)[number]['id'];
export const ACTIONS_PX = 44;

/** The columns a person wants, of what the preferences hold: all where nothing is held. Those that never fold stay. */
export function wantedColumns(kept: unknown): readonly ColumnId[] {
  const chosen = Array.isArray(kept) ? new Set(kept.map(String)) : null;
  return COLUMNS.filter((one) => one.folds === null || chosen === null || chosen.has(one.id)).map((one) => one.id);
}

/** A column as it is shown: so many pixels wide. */
export type Fitted = Column & { width: number };

/** Those of the wanted columns that fit into so many pixels, in the list's order, and how wide each is. */
export function fitting(wanted: readonly ColumnId[], width: number): readonly Fitted[] {
  const all: readonly Column[] = COLUMNS;
  const left = (columns: readonly Column[]): number =>
    width - columns.reduce((sum, one) => sum + one.least, ACTIONS_PX);
  let shown = all.filter((one) => wanted.some((id) => id === one.id));
  const first = shown.filter((one) => one.folds !== null).sort((a, b) => (a.folds ?? 0) - (b.folds ?? 0));
  for (const next of first) {
    if (left(shown) >= 0) break;
    shown = shown.filter((one) => one !== next);
  }
  const room = Math.max(0, left(shown));
  const parts = shown.reduce((sum, one) => sum + (one.grows ?? 0), 0);
  return shown.map((one) => ({
    ...one,
    width: one.least + Math.floor((room * (one.grows ?? 0)) / Math.max(1, parts)),
  }));
}
