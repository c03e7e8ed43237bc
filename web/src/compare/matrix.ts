/** Who said what of each finding, and how that differs from the signed report: pure, so that tests hold it. */
import type { Schemas } from '../shared/api';
import { percent } from '../shared/figures';

type Finding = Schemas['Finding'];
type ReadView = Schemas['ReadView'];
export type Presence = Schemas['Presence'];
export type Difference = 'agreed' | 'missed' | 'not confirmed' | 'changed' | 'not said';

/** One finding as a row: what each read says of it (in the order of `reads`), the panel and the signature. */
export interface Row {
  code: string;
  label: string;
  said: readonly (readonly Finding[])[];
  panel: Panel | null;
  signed: Finding | null;
  /** True where one reader says present and another absent. */
  disputed: boolean;
  /** A human told it, no reader did. */
  added: boolean;
}

/** The panel's answer: before the signature with its presence, afterwards who of the readers said what. */
export interface Panel {
  finding: Finding | null;
  present: readonly string[];
  uncertain: readonly string[];
  absent: readonly string[];
}

const WEIGHT: Record<Presence, number> = { present: 0, uncertain: 1, not_assessable: 2, absent: 3 };
export const PRESENCE: Record<Presence, { shape: string; word: string }> = {
  present: { shape: '●', word: 'present' },
  uncertain: { shape: '◐', word: 'uncertain' },
  absent: { shape: '○', word: 'absent' },
  not_assessable: { shape: '⊘', word: 'not assessable' },
};

/** The versions of the study's images that were read, the newest first. */
export function versions(reads: readonly ReadView[]): number[] {
  return [...new Set(reads.map((one) => one.version))].sort((a, b) => b - a);
}

/** Why a read says nothing: it broke down, it refused for a reason, or a cascade did not need it. */
export function silence(read: ReadView): 'failed' | 'abstained' | 'not asked' | null {
  if (read.answered) return null;
  if (read.abstention?.code === 'not_asked') return 'not asked';
  return read.abstention?.failed ? 'failed' : 'abstained';
}

/** The strongest thing a reader says of a code; null where it says nothing. */
export function strongest(said: readonly Finding[]): Finding | null {
  return [...said].sort((a, b) => WEIGHT[a.presence] - WEIGHT[b.presence])[0] ?? null;
}

/** All rows, what needs eyes first: disagreements, then what is or may be there, then the rest by name. */
export function rows(
  reads: readonly ReadView[],
  joined: readonly Schemas['JoinedFinding'][],
  signer: string | null,
  labels: Readonly<Record<string, string>>,
): Row[] {
  const told = reads.map((one) => (one.answered ? (one.read?.findings ?? []) : []));
  const codes = new Set([...joined.map((one) => one.finding.code), ...told.flat().map((one) => one.code)]);
  const made = [...codes].map((code) => row(code, told, joined, signer, labels));
  const place = (one: Row): number => {
    if (one.disputed) return -1;
    const presences = [...one.said.flat(), ...(one.signed ? [one.signed] : [])].map((finding) => finding.presence);
    return Math.min(3, ...presences.map((presence) => WEIGHT[presence]));
  };
  return made.sort((a, b) => place(a) - place(b) || a.label.localeCompare(b.label));
}

function row(
  code: string,
  told: readonly (readonly Finding[])[],
  joined: readonly Schemas['JoinedFinding'][],
  signer: string | null,
  labels: Readonly<Record<string, string>>,
): Row {
  const said = told.map((findings) => findings.filter((one) => one.code === code));
  const mine = joined.filter((one) => one.finding.code === code);
  const presences = said.flat().map((one) => one.presence);
  const votes = mine.map((one) => panelOf(one, signer));
  return {
    code,
    label: labels[code] ?? code,
    said,
    panel: votes.length === 0 ? null : merged(votes),
    signed: signer === null ? null : strongest(mine.map((one) => one.finding)),
    disputed: presences.includes('present') && presences.includes('absent'),
    added: said.every((findings) => findings.length === 0) && signer !== null && mine.length > 0,
  };
}

/** After the signature the human stands among those who spoke; what the readers said stays beside it. */
function panelOf(one: Schemas['JoinedFinding'], signer: string | null): Panel {
  const readers = (names: readonly string[] | undefined): string[] => (names ?? []).filter((name) => name !== signer);
  return {
    finding: signer === null ? one.finding : null,
    present: readers(one.present_by),
    uncertain: readers(one.uncertain_by),
    absent: readers(one.absent_by),
  };
}

function merged(votes: readonly Panel[]): Panel {
  const all = (pick: (one: Panel) => readonly string[]): string[] => [...new Set(votes.flatMap((one) => pick(one)))];
  return {
    finding: strongest(votes.flatMap((one) => (one.finding ? [one.finding] : []))),
    present: all((one) => one.present),
    uncertain: all((one) => one.uncertain),
    absent: all((one) => one.absent),
  };
}

/** How what was said differs from what was signed; null where nothing can be compared. */
export function difference(said: Finding | null, signed: Finding | null): Difference | null {
  if (signed === null || signed.presence === 'not_assessable') return null;
  const there = signed.presence !== 'absent';
  if (said === null || said.presence === 'not_assessable') return there ? 'not said' : null;
  if (said.presence === 'absent') return there ? 'missed' : 'agreed';
  if (!there) return 'not confirmed';
  const moved = said.laterality && signed.laterality && said.laterality !== signed.laterality;
  return said.presence !== signed.presence || moved ? 'changed' : 'agreed';
}

/** A probability for people; a stated one says so, because nobody has calibrated it. */
export function probability(one: Finding): string | null {
  if (typeof one.probability === 'number') return percent(one.probability);
  if (typeof one.confidence_raw === 'number') return `stated ${percent(one.confidence_raw)}`;
  return null;
}
