import { Aborted, NotLoggedIn } from '@wetread/client';
import { api, sessionEnded } from '../../shared/api';
import { onePart, type StoredFrame } from './parts';

const STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';

/** Pixels that the service drew: grey (one value a pixel) or colour (RGBA). */
export interface DrawnFrame {
  rows: number;
  columns: number;
  colour: boolean;
  rgba: Uint8ClampedArray;
}

export async function storedFrame(url: string, signal: AbortSignal): Promise<StoredFrame> {
  const answer = await asked(url, STORED, signal);
  return onePart(new Uint8Array(await answer.arrayBuffer()), answer.headers.get('content-type') ?? '');
}

/** The picture that the service draws of a frame, pixel by pixel. */
export async function drawnFrame(url: string, signal: AbortSignal): Promise<DrawnFrame> {
  const answer = await asked(url, 'image/png', signal);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const kind = bytes[25]; // PNG's colour type: 0 grey, 4 grey with alpha
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  if (!context) throw new Error('this browser can draw no canvas');
  context.drawImage(picture, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
  picture.close();
  return { rows: height, columns: width, colour: kind !== 0 && kind !== 4, rgba: data };
}

async function asked(url: string, accept: string, signal: AbortSignal): Promise<Response> {
  try {
    return await api.send('get', url, { headers: { accept }, signal });
  } catch (problem) {
    if (problem instanceof NotLoggedIn) sessionEnded();
    throw problem;
  }
}

/** Whether a load failed because it was called off. */
export function isAborted(problem: unknown): boolean {
  return problem instanceof Aborted || (problem instanceof DOMException && problem.name === 'AbortError');
}
