/** Boxes of findings, by the picture and frame they lie on: a box belongs to its own instance and frame alone. */
import type { Schemas } from '../shared/api';

export interface Box {
  reader: string;
  code: string;
  presence: Schemas['Presence'];
  origin: string;
  corners: readonly [number, number, number, number];
}

export interface Place {
  key: string;
  sop: string | null;
  file: string;
  frame: number;
  boxes: Box[];
}

/** Every box of every read, by the place it lies on, the most boxes first. */
export function places(reads: readonly Schemas['ReadView'][]): Place[] {
  const found = new Map<string, Place>();
  for (const one of reads) {
    for (const finding of (one.answered && one.read?.findings) || []) {
      for (const seen of finding.evidence ?? []) note(found, one.reader.name, finding, seen);
    }
  }
  return [...found.values()].sort((a, b) => b.boxes.length - a.boxes.length || a.key.localeCompare(b.key));
}

function note(found: Map<string, Place>, reader: string, finding: Schemas['Finding'], seen: Schemas['Evidence']): void {
  const corners = seen.box as unknown as readonly [number, number, number, number];
  const key = `${seen.sop_instance_uid ?? seen.file}#${seen.frame}`;
  const place = found.get(key) ?? { key, sop: seen.sop_instance_uid, file: seen.file, frame: seen.frame, boxes: [] };
  place.boxes.push({ reader, code: finding.code, presence: finding.presence, origin: seen.origin, corners });
  found.set(key, place);
}

/** The picture that a place lies on; null where the study has it no more. */
export function pictureOf<P extends { sop_instance_uid: string | null; file: string }>(
  place: Place,
  pictures: readonly P[],
): P | null {
  const same = (one: P): boolean =>
    place.sop === null ? one.sop_instance_uid === null && one.file === place.file : one.sop_instance_uid === place.sop;
  return pictures.find(same) ?? null;
}
