import type { Client } from './client.js';
import { NotUnderstood } from './errors.js';
import { form, type Sendable } from './multipart.js';
import { type Progress, watched } from './progress.js';
import type { Schemas } from './types.js';

/** How to send files. */
export interface Uploading {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Seconds without anything moving after which it is given up; 60 by default. There is no limit on the whole. */
  silenceS?: number | undefined;
}

export const SILENCE_S = 60;

/**
 * Send files: DICOM objects, PNG, JPEG, TIFF, or a ZIP of them. Once it resolves they are safe; `waitForStudies` tells
 * what became of them. A broken upload is never repeated by itself: whole files of it may have arrived.
 */
export async function upload(
  client: Client,
  files: Iterable<Sendable>,
  options: Uploading = {},
): Promise<Schemas['Upload']> {
  const { type, body } = form(files);
  const sending = {
    body,
    headers: { 'content-type': type, accept: 'application/json' },
    signal: options.signal,
    through: (fetch: typeof globalThis.fetch) => watched(fetch, options.silenceS ?? SILENCE_S, options.onProgress),
  };
  const take = (answer: Response): Promise<Schemas['Upload']> =>
    answer.json().catch(() => {
      throw new NotUnderstood('the files went out, but the answer is no JSON');
    });
  return client.ask('post', '/api/v1/uploads', sending, take, Number.POSITIVE_INFINITY);
}
