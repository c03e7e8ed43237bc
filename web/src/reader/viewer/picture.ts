import { group, type Header, number, numbers, text, texts } from './dicom';
import type { Point, Shape } from './geometry';
import { type Tone, toneOf } from './tone';

/** One frame of one object, or a bare picture: what a viewport shows. */
export interface Picture extends Shape {
  /** The image's name for Cornerstone. */
  id: string;
  studyId: string;
  seriesUid: string | null;
  sopInstanceUid: string | null;
  file: string | null;
  /** From 1. */
  frame: number;
  frames: number;
  /** The stored frame; null where only a drawn one exists. */
  frameUrl: string | null;
  drawnUrl: string;
  header: Header | null;
  tone: Tone | null;
  modality: string | null;
  bodyPart: string | null;
  seriesNumber: number | null;
  number: number | null;
  /** Millimetres from row to row and column to column; null: uncalibrated. */
  spacing: Point | null;
  atDetector: boolean;
  cosines: readonly number[] | null;
  sides: readonly string[];
  position: readonly number[] | null;
  space: string | null;
  lossy: string | null;
  frameTimeMs: number | null;
}

export interface Origin {
  studyId: string;
  studyUid: string;
  seriesUid: string;
}

export const SCHEME = 'wetread';

/** The frames of an object; none where it holds no image. */
export function picturesOf(header: Header, origin: Origin): Picture[] {
  const uid = text(header, '00080018');
  const [rows, columns] = [number(header, '00280010'), number(header, '00280011')];
  if (uid === null || !rows || !columns) return [];
  const frames = Math.max(1, number(header, '00280008') ?? 1);
  return Array.from({ length: frames }, (_, at) =>
    pictureOf(header, origin, uid, { rows, columns, frame: at + 1, frames }),
  );
}

function pictureOf(
  header: Header,
  origin: Origin,
  uid: string,
  what: { rows: number; columns: number; frame: number; frames: number },
): Picture {
  const { frame } = what;
  const path = `/dicom-web/studies/${origin.studyUid}/series/${origin.seriesUid}/instances/${uid}/frames/${frame}`;
  const modality = text(header, '00080060');
  const tone = toneOf(header, frame, modality);
  const measured = spacingOf(header, frame);
  return {
    ...what,
    id: `${SCHEME}:${path}`,
    studyId: origin.studyId,
    seriesUid: origin.seriesUid,
    sopInstanceUid: uid,
    file: null,
    frameUrl: tone ? path : null,
    drawnUrl: `${path}/rendered`,
    header,
    tone,
    modality,
    bodyPart: text(header, '00180015'),
    seriesNumber: number(header, '00200011'),
    number: number(header, '00200013'),
    spacing: measured.spacing,
    atDetector: measured.atDetector,
    aspect: aspectOf(measured.spacing ?? pair(numbers(header, '00280034'))),
    cosines: six(numbers(group(header, '00209116', frame), '00200037')),
    sides: texts(header, '00200020'),
    position: three(numbers(group(header, '00209113', frame), '00200032')),
    space: text(header, '00200052'),
    lossy: lossyOf(header),
    frameTimeMs: frameTimeOf(header),
  };
}

function spacingOf(header: Header, frame: number): { spacing: Point | null; atDetector: boolean } {
  const own = positive(numbers(group(header, '00289110', frame), '00280030'));
  if (own) return { spacing: own, atDetector: false };
  const detector = positive(numbers(header, '00181164'));
  return { spacing: detector, atDetector: detector !== null };
}

function positive(values: readonly number[]): Point | null {
  const found = pair(values);
  return found?.every((value) => value > 0) ? found : null;
}

function pair(values: readonly number[]): Point | null {
  const [first, second] = values;
  return first === undefined || second === undefined ? null : [first, second];
}

function three(values: readonly number[]): readonly number[] | null {
  return values.length === 3 ? values : null;
}

function six(values: readonly number[]): readonly number[] | null {
  return values.length === 6 ? values : null;
}

/** How wide and high a pixel is beside its finer side. */
function aspectOf(spacing: Point | null): Point {
  if (spacing === null || !(spacing[0] > 0) || !(spacing[1] > 0)) return [1, 1];
  const finer = Math.min(spacing[0], spacing[1]);
  return [spacing[1] / finer, spacing[0] / finer];
}

function lossyOf(header: Header): string | null {
  if (text(header, '00282110') !== '01') return null;
  const ratio = numbers(header, '00282112').at(-1);
  return ratio ? `lossy ${Number(ratio.toFixed(1))}:1` : 'lossy';
}

function frameTimeOf(header: Header): number | null {
  const time = number(header, '00181063');
  if (time !== null && time > 0) return time;
  const rate = number(header, '00082144') ?? number(header, '00180040');
  return rate !== null && rate > 0 ? 1000 / rate : null;
}

/** The order of a series: objects by number, and where numbers don't tell, along the patient; frames as they are. */
export function inOrder(objects: readonly (readonly Picture[])[]): Picture[] {
  const told = new Set(objects.map(([first]) => first?.number)).size > 1;
  const number = ([first]: readonly Picture[]): number => (told ? (first?.number ?? Number.MAX_SAFE_INTEGER) : 0);
  const depth = ([first]: readonly Picture[]): number => (first && depthOf(first)) ?? 0;
  return [...objects].sort((one, other) => number(one) - number(other) || depth(one) - depth(other)).flat();
}

/** How far along its own normal an image lies, in mm. */
export function depthOf(picture: Picture): number | null {
  const { cosines: c, position: p } = picture;
  if (!c || !p) return null;
  const [r0 = 0, r1 = 0, r2 = 0, d0 = 0, d1 = 0, d2 = 0] = c;
  const normal = [r1 * d2 - r2 * d1, r2 * d0 - r0 * d2, r0 * d1 - r1 * d0];
  return normal.reduce((sum, part, axis) => sum + part * (p[axis] ?? 0), 0);
}

/** Whether two images lie in one space and in parallel, so that their depths can be held together. */
export function parallel(one: Picture, other: Picture): boolean {
  if (!one.space || one.space !== other.space || !one.cosines || !other.cosines) return false;
  return one.cosines.every((part, at) => Math.abs(part - (other.cosines?.[at] ?? 9)) < 0.02);
}
