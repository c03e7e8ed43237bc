import { group, type Header, has, number, numbers, text, texts } from './dicom';

/** A window in modality units, as PS3.3 C.11.2.1.2 defines it. */
export interface Window {
  center: number;
  width: number;
  exact: boolean;
  /** What it is called, where it has a name: "lung". */
  name: string | null;
}

/** How stored values of a grey frame become modality units and grey. */
export interface Tone {
  slope: number;
  intercept: number;
  windows: readonly Window[];
  /** The lowest value is white (MONOCHROME1, or an inverse presentation). */
  inverted: boolean;
  /** Stored values that mean "no image here". */
  padding: readonly [low: number, high: number] | null;
  bits: number;
  hounsfield: boolean;
}

/** The grey of stored values: black at `lower`, white at `upper`; `inverted` turns them round. */
export interface Shade {
  lower: number;
  upper: number;
  inverted: boolean;
}

const TABLES = ['00283000', '00283010']; // modality and VOI tables
const SAMPLE_PIXELS = 1 << 18;

/** The tone of a frame (from 1); null where only the service can draw it: colour, palettes, tables, sigmoids, floats. */
export function toneOf(header: Header, frame: number, modality: string | null): Tone | null {
  const bits = number(header, '00280101') ?? number(header, '00280100') ?? 16;
  const allocated = number(header, '00280100') ?? 16;
  const grey = /^MONOCHROME[12]$/.test(text(header, '00280004') ?? '');
  if (!grey || (number(header, '00280002') ?? 1) !== 1 || (allocated !== 8 && allocated !== 16)) return null;
  const voi = group(header, '00289132', frame);
  const shaped = (text(voi, '00281056') ?? 'LINEAR').toUpperCase() === 'SIGMOID';
  if (shaped || TABLES.some((tag) => has(header, tag) || has(voi, tag))) return null;
  const rescale = group(header, '00289145', frame);
  const [slope, intercept] = [number(rescale, '00281053'), number(rescale, '00281052')];
  const unit = text(rescale, '00281054');
  return {
    slope: slope || 1,
    intercept: intercept ?? 0,
    windows: windowsOf(voi),
    inverted: text(header, '00280004') === 'MONOCHROME1' || text(header, '20500020') === 'INVERSE',
    padding: paddingOf(header),
    bits,
    hounsfield: modality === 'CT' && (slope !== null || intercept !== null) && [null, 'HU', 'US'].includes(unit),
  };
}

function windowsOf(voi: Header): Window[] {
  const [centers, widths] = [numbers(voi, '00281050'), numbers(voi, '00281051')];
  const exact = (text(voi, '00281056') ?? '').toUpperCase() === 'LINEAR_EXACT';
  const names = texts(voi, '00281055');
  return centers.flatMap((center, at) => {
    const width = widths[at];
    if (width === undefined || (exact ? width <= 0 : width < 1)) return [];
    return [{ center, width, exact, name: names[at]?.trim() || null }];
  });
}

function paddingOf(header: Header): readonly [number, number] | null {
  const value = number(header, '00280120');
  if (value === null) return null;
  const limit = number(header, '00280121') ?? value;
  return [Math.min(value, limit), Math.max(value, limit)];
}

/** The modality values that a window shows black and white. */
export function limits(window: Window): readonly [low: number, high: number] {
  const half = (window.exact ? window.width : window.width - 1) / 2;
  const middle = window.exact ? window.center : window.center - 0.5;
  return [middle - half, middle + half];
}

/** A window in stored values. A falling slope turns black and white round. */
export function shadeOf(window: Window, tone: Tone, turned: boolean): Shade {
  const [low, high] = limits(window).map((value) => (value - tone.intercept) / tone.slope) as [number, number];
  const least = 1e-6 * Math.max(1, Math.abs(low)); // a window of width 1 is a step
  const [lower, upper] = [Math.min(low, high), Math.max(low, high)];
  return { lower, upper: Math.max(upper, lower + least), inverted: (tone.inverted !== turned) !== tone.slope < 0 };
}

/** The window for pixels that say nothing of how to be shown: their 0.5 to 99.5 percentile, padding left out. */
export function percentileWindow(stored: ArrayLike<number>, rows: number, columns: number, tone: Tone): Window {
  const values = sample(stored, rows, columns, tone.padding).map((value) => value * tone.slope + tone.intercept);
  values.sort((a, b) => a - b);
  let [low, high] = [percentile(values, 0.005), percentile(values, 0.995)];
  if (high <= low) [low, high] = [values[0] ?? 0, values.at(-1) ?? 1];
  return { center: (low + high) / 2, width: high > low ? high - low : 1, exact: true, name: null };
}

function sample(stored: ArrayLike<number>, rows: number, columns: number, padding: Tone['padding']): number[] {
  const step = Math.max(1, Math.ceil(Math.sqrt((rows * columns) / SAMPLE_PIXELS)));
  const [all, kept]: [number[], number[]] = [[], []];
  for (let row = 0; row < rows; row += step) {
    for (let column = 0; column < columns; column += step) {
      const value = stored[row * columns + column] ?? 0;
      all.push(value);
      if (padding === null || value < padding[0] || value > padding[1]) kept.push(value);
    }
  }
  return kept.length ? kept : all;
}

/** A percentile of sorted values, linear between neighbours. */
function percentile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}

/** Values of so many bits as they are. */
export function fullRange(bits: number): Window {
  return { center: 2 ** bits / 2, width: 2 ** bits, exact: false, name: null };
}

/** "W 400 L 40": whole numbers for wide windows, three digits for narrow ones. */
export function windowWords(window: Window): string {
  const said = (value: number): string => {
    if (window.width >= 20 && window.exact === false) return String(Number(value.toFixed(1)));
    return String(window.width >= 20 ? Math.round(value) : Number(value.toPrecision(3)));
  };
  return `W ${said(window.width)} L ${said(window.center)}`;
}
