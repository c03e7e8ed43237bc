/** Where things stand: pixels of an image, the canvas in CSS pixels, the patient. */

export type Point = readonly [x: number, y: number];
/** An affine map as SVG writes it: x' = a x + c y + e, y' = b x + d y + f. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** How an image lies on its canvas. */
export interface View {
  /** CSS pixels for a pixel of the image (of its finer side); null: as large as fits. */
  scale: number | null;
  /** The image's centre from the canvas's centre, CSS pixels. */
  pan: Point;
  /** Degrees clockwise: 0, 90, 180 or 270. */
  rotation: number;
  /** Mirrored left to right, before it is rotated. */
  flipped: boolean;
}

/** The shape of an image: its pixels, and how large one is beside the finer side (1 or more). */
export interface Shape {
  columns: number;
  rows: number;
  aspect: Point;
}

export interface Size {
  width: number;
  height: number;
}

export const FITTED: View = { scale: null, pan: [0, 0], rotation: 0, flipped: false };

/** CSS pixels for a pixel of the image. */
export function scaleOf(view: View, shape: Shape, canvas: Size): number {
  if (view.scale !== null) return view.scale;
  const [wide, high] = [shape.columns * shape.aspect[0], shape.rows * shape.aspect[1]];
  const lying = view.rotation % 180 !== 0;
  return Math.max(1e-4, Math.min(canvas.width / (lying ? high : wide), canvas.height / (lying ? wide : high)));
}

/** From image pixels (the first pixel covers 0 to 1) to CSS pixels of the canvas. */
export function affineOf(view: View, shape: Shape, canvas: Size): Affine {
  const scale = scaleOf(view, shape, canvas);
  const angle = (view.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.round(Math.cos(angle)), Math.round(Math.sin(angle))];
  const x = scale * shape.aspect[0] * (view.flipped ? -1 : 1);
  const y = scale * shape.aspect[1];
  const [a, b, c, d] = [cos * x, sin * x, -sin * y, cos * y];
  const e = canvas.width / 2 + view.pan[0] - (a * shape.columns + c * shape.rows) / 2;
  const f = canvas.height / 2 + view.pan[1] - (b * shape.columns + d * shape.rows) / 2;
  return [a, b, c, d, e, f];
}

export function apply([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

export function inverse([a, b, c, d, e, f]: Affine): Affine {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

/** The view after a zoom by `factor` under which the point `at` of the canvas stays where it is. */
export function zoomed(view: View, shape: Shape, canvas: Size, factor: number, at: Point): View {
  const before = scaleOf(view, shape, canvas);
  const scale = Math.min(64, Math.max(0.02, before * factor));
  const [x, y] = [at[0] - canvas.width / 2, at[1] - canvas.height / 2];
  const grown = scale / before;
  return { ...view, scale, pan: [x - (x - view.pan[0]) * grown, y - (y - view.pan[1]) * grown] };
}

/** Turned by a quarter as one sees it. */
export function turned(view: View, degrees: 90 | -90): View {
  const pan: Point = degrees === 90 ? [-view.pan[1], view.pan[0]] : [view.pan[1], -view.pan[0]];
  return { ...view, rotation: (view.rotation + degrees + 360) % 360, pan };
}

/** Mirrored left to right as one sees it. */
export function mirrored(view: View): View {
  const rotation = (360 - view.rotation) % 360;
  return { ...view, rotation, flipped: !view.flipped, pan: [-view.pan[0], view.pan[1]] };
}

/** Which way the patient lies: the letters at the canvas's right and bottom; null where the header says nothing. */
export function letters(
  cosines: readonly number[] | null,
  sides: readonly string[],
  affine: Affine,
): { right: string; left: string; bottom: string; top: string } | null {
  const [a, b, c, d] = affine;
  const toward = (x: number, y: number): string => {
    const [along, down] = [(d * x - c * y) / (a * d - b * c), (a * y - b * x) / (a * d - b * c)];
    if (cosines?.length === 6) return patientLetters(cosines, along, down);
    return Math.abs(along) > Math.abs(down) ? side(sides[0], along) : side(sides[1], down);
  };
  const found = { right: toward(1, 0), left: toward(-1, 0), bottom: toward(0, 1), top: toward(0, -1) };
  return Object.values(found).every((word) => word === '') ? null : found;
}

function patientLetters(cosines: readonly number[], along: number, down: number): string {
  const parts = [0, 1, 2].map((axis) => along * (cosines[axis] ?? 0) + down * (cosines[axis + 3] ?? 0));
  const length = Math.hypot(...parts) || 1;
  return parts
    .map((part, axis) => ({ part: part / length, word: (part > 0 ? 'LPH' : 'RAF')[axis] ?? '' }))
    .filter(({ part }) => Math.abs(part) > 0.2)
    .sort((one, other) => Math.abs(other.part) - Math.abs(one.part))
    .slice(0, 2)
    .map(({ word }) => word)
    .join('');
}

const OPPOSITE: Readonly<Record<string, string>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };

function side(said: string | undefined, sign: number): string {
  const words = (said ?? '').toUpperCase().replace(/[^LRAPHF]/g, '');
  return sign > 0 ? words : [...words].map((word) => OPPOSITE[word] ?? '').join('');
}

/** A length between two image points: in mm by the spacing (row, column), in pixels where there is none. */
export function lengthWords(from: Point, to: Point, spacing: Point | null): string {
  const [x, y] = [to[0] - from[0], to[1] - from[1]];
  if (spacing === null) return `${Math.hypot(x, y).toFixed(1)} px`;
  return `${Math.hypot(x * spacing[1], y * spacing[0]).toFixed(1)} mm`;
}
