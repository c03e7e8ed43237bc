import { cache, getWebWorkerManager, type Types, utilities } from '@cornerstonejs/core';
import { number, text } from './dicom';
import { type DrawnFrame, drawnFrame, storedFrame } from './frames';
import { j2kSays, type StoredFrame } from './parts';
import type { Picture } from './picture';
import { fullRange, percentileWindow, type Tone, type Window } from './tone';

/** What was loaded, beside Cornerstone's image: by whom it was drawn and the window it asks for. */
export interface Loaded {
  drawnBy: 'codec' | 'service';
  colour: boolean;
  tone: Tone;
  /** The window of the frame itself; null for colour. */
  window: Window | null;
  /** Whether the site's preset comes before `window`: CT that names no window. */
  preset: boolean;
  rows: number;
  columns: number;
}

const LOSSLESS = new Set(['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70']);
const J2K = new Set(['90', '91', '201', '202', '203'].map((end) => `1.2.840.10008.1.2.4.${end}`));
const AS_DRAWN: Tone = {
  slope: 1,
  intercept: 0,
  windows: [],
  inverted: false,
  padding: null,
  bits: 8,
  hounsfield: false,
};
const pictures = new Map<string, Picture>();
const loaded = new Map<string, Loaded>();
const pending = new Map<string, { image: Promise<Types.IImage>; stop: AbortController }>();

/** Tell the loader of pictures before they are asked for. */
export function announce(known: readonly Picture[]): void {
  for (const one of known) pictures.set(one.id, one);
}

/** What is known of a picture that was loaded. */
export function loadedOf(id: string): Loaded | undefined {
  return loaded.get(id);
}

/** A picture decoded from its stored frame, or drawn by the service where that can't be. Asked twice it is loaded once. */
export function loadPicture(id: string): Promise<Types.IImage> {
  const there = cache.getImage(id);
  if (there) return Promise.resolve(there);
  const under = pending.get(id);
  if (under) return under.image;
  const stop = new AbortController();
  const image = load(id, stop.signal)
    .then(kept)
    .finally(() => pending.delete(id));
  pending.set(id, { image, stop });
  return image;
}

/** Call off what is not there yet. */
export function forget(id: string): void {
  pending.get(id)?.stop.abort();
  pending.delete(id);
}

/** Into Cornerstone's cache, whose size bounds what we hold; what finds no room there is shown all the same. */
function kept(image: Types.IImage): Types.IImage {
  try {
    if (!cache.getImage(image.imageId)) cache.putImageSync(image.imageId, image);
  } catch {
    return image;
  }
  return image;
}

async function load(id: string, signal: AbortSignal): Promise<Types.IImage> {
  const picture = pictures.get(id);
  if (!picture) throw new Error('this picture is not known');
  if (picture.tone && picture.frameUrl) {
    const stored = await storedFrame(picture.frameUrl, signal);
    const pixels = trusted(picture, stored) ? await decoded(picture, stored).catch(() => null) : null;
    if (pixels) return decodedImage(picture, picture.tone, pixels);
  }
  return drawnImage(picture, await drawnFrame(picture.drawnUrl, signal));
}

/** Whether the codecs here are right about a frame; of the others the service, which knows better, draws a picture. */
function trusted(picture: Picture, { bytes, syntax }: StoredFrame): boolean {
  const header = picture.header ?? {};
  if (LOSSLESS.has(syntax)) return (number(header, '00280100') ?? 16) > 8; // of 8 bits it comes out wrong
  if (!J2K.has(syntax)) return true;
  const said = j2kSays(bytes);
  return said === null || said.signed === (number(header, '00280103') === 1); // else the header's sign would be forced on it
}

type Stored = Uint8Array | Int8Array | Uint16Array | Int16Array;

/** The stored values of a frame. Raises where they are not what the header says. */
async function decoded(picture: Picture, stored: StoredFrame): Promise<Stored> {
  const header = picture.header ?? {};
  const imageFrame = {
    samplesPerPixel: 1,
    photometricInterpretation: text(header, '00280004'),
    planarConfiguration: 0,
    rows: picture.rows,
    columns: picture.columns,
    bitsAllocated: number(header, '00280100'),
    bitsStored: picture.tone?.bits,
    pixelRepresentation: number(header, '00280103') ?? 0,
  };
  const told = (await getWebWorkerManager().executeTask('dicomImageLoader', 'decodeTask', {
    imageFrame,
    transferSyntax: stored.syntax,
    pixelData: stored.bytes,
    options: { preScale: { enabled: false } },
    decodeConfig: {},
  })) as { pixelData: Stored };
  if (told.pixelData.length !== picture.rows * picture.columns) throw new Error('the frame has another size');
  return told.pixelData;
}

function decodedImage(picture: Picture, tone: Tone, stored: Stored): Types.IImage {
  const pixels =
    stored instanceof Int16Array || stored instanceof Int8Array ? Int16Array.from(stored) : Uint16Array.from(stored);
  const { rows, columns } = picture;
  const preset = tone.windows.length === 0 && tone.hounsfield;
  const own = tone.windows[0] ?? (tone.bits === 1 ? fullRange(1) : percentileWindow(pixels, rows, columns, tone));
  loaded.set(picture.id, { drawnBy: 'codec', colour: false, tone, window: own, preset, rows, columns });
  return imageOf(picture, { rows, columns }, pixels);
}

function drawnImage(picture: Picture, drawn: DrawnFrame): Types.IImage {
  const { rows, columns, colour } = drawn;
  const window = colour ? null : { ...fullRange(8), name: 'as drawn' };
  loaded.set(picture.id, { drawnBy: 'service', colour, tone: AS_DRAWN, window, preset: false, rows, columns });
  if (!colour)
    return imageOf(
      picture,
      drawn,
      Uint16Array.from({ length: rows * columns }, (_, at) => drawn.rgba[at * 4] ?? 0),
    );
  const rgb = new Uint8Array(rows * columns * 3);
  for (let at = 0; at < rows * columns; at++) rgb.set(drawn.rgba.subarray(at * 4, at * 4 + 3), at * 3);
  return imageOf(picture, drawn, rgb);
}

/** Stored values for Cornerstone, whose own transforms all stay identities: window and polarity are given by us. */
function imageOf(
  picture: Picture,
  size: { rows: number; columns: number },
  pixels: Types.PixelDataTypedArray,
): Types.IImage {
  const { rows, columns } = size;
  const colour = pixels instanceof Uint8Array;
  const [minPixelValue, maxPixelValue] = colour ? [0, 255] : ends(pixels);
  const parts = colour ? 3 : 1;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    scalarData: pixels,
    width: columns,
    height: rows,
    numberOfComponents: parts,
  });
  return {
    imageId: picture.id,
    dataType: pixels.constructor.name as Types.PixelDataTypedArrayString,
    rows,
    columns,
    height: rows,
    width: columns,
    color: colour,
    rgba: false,
    numberOfComponents: parts,
    columnPixelSpacing: picture.aspect[0],
    rowPixelSpacing: picture.aspect[1],
    slope: 1,
    intercept: 0,
    windowCenter: (minPixelValue + maxPixelValue) / 2,
    windowWidth: Math.max(2, maxPixelValue - minPixelValue), // of no width Cornerstone complains
    voiLUTFunction: 'LINEAR' as Types.IImage['voiLUTFunction'],
    minPixelValue,
    maxPixelValue,
    invert: false,
    sizeInBytes: pixels.byteLength,
    getPixelData: () => pixels,
    getCanvas: undefined as unknown as Types.IImage['getCanvas'], // there is none: Cornerstone asks before it calls
    voxelManager,
  };
}

function ends(pixels: ArrayLike<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < pixels.length; at++) {
    const value = pixels[at] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** What Cornerstone asks of an image's geometry: a flat sheet at the origin. The patient's stays with us. */
export function metadataOf(kind: string, id: string): unknown {
  const picture = pictures.get(id);
  if (!picture) return undefined;
  if (kind === 'imagePlaneModule') {
    return {
      rows: picture.rows,
      columns: picture.columns,
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      imageOrientationPatient: [1, 0, 0, 0, 1, 0],
      imagePositionPatient: [0, 0, 0],
      columnPixelSpacing: picture.aspect[0],
      rowPixelSpacing: picture.aspect[1],
      usingDefaultValues: false,
    };
  }
  if (kind === 'imagePixelModule') {
    const colour = loaded.get(id)?.colour ?? false;
    return {
      samplesPerPixel: colour ? 3 : 1,
      photometricInterpretation: colour ? 'RGB' : 'MONOCHROME2',
      bitsAllocated: colour ? 8 : 16,
      bitsStored: colour ? 8 : 16,
      highBit: colour ? 7 : 15,
      pixelRepresentation: 0,
    };
  }
  return kind === 'generalSeriesModule' ? { modality: 'OT' } : undefined;
}
