/** Objects and pictures by DICOMweb (PS3.18): STOW-RS, and of WADO-RS what pages and programs need most. */
import { address } from './address.js';
import type { Client } from './client.js';
import { NotUnderstood, refusalOf } from './errors.js';
import { partsOf, related, type Sendable } from './multipart.js';
import { watched } from './progress.js';
import { SILENCE_S, type Uploading } from './uploads.js';

/** A study, a series or an instance, by its UIDs. */
export interface Study {
  study: string;
}
export interface Series extends Study {
  series: string;
}
export interface Instance extends Series {
  instance: string;
}

/** DICOM JSON (PS3.18 F.2): attributes by tag. */
export type Attributes = Record<string, { vr: string; Value?: unknown[]; InlineBinary?: string; BulkDataURI?: string }>;

/** What became of objects that were sent; `failed` ones are not stored, `reason` is PS3.18's code in hexadecimal. */
export interface Stored {
  stored: { sop_instance_uid: string; url: string }[];
  failed: { sop_instance_uid: string | null; reason: string }[];
}

/** A frame as it is stored. */
export interface Frame {
  bytes: Uint8Array<ArrayBuffer>;
  media_type: string;
  transfer_syntax: string | null;
}

/** How a picture is drawn; what is not given is as the object says. */
export interface Drawing {
  frame?: number | undefined;
  window?: { center: number; width: number } | undefined;
  /** Pixels to fit into; the aspect stays. */
  viewport?: { width: number; height: number } | undefined;
  media_type?: 'image/png' | 'image/jpeg' | undefined;
  signal?: AbortSignal | undefined;
}

type Call = { signal?: AbortSignal | undefined };

/** Send DICOM objects, of `study` alone where it is given. Resolves also where some or all were not taken: look. */
export async function storeInstances(
  client: Client,
  files: Iterable<Sendable>,
  options: Uploading & { study?: string | undefined } = {},
): Promise<Stored> {
  const { type, body } = related(files);
  const path = options.study === undefined ? '/dicom-web/studies' : place({ study: options.study });
  const sending = {
    body,
    headers: { 'content-type': type, accept: 'application/dicom+json' },
    signal: options.signal,
    through: (fetch: typeof globalThis.fetch) => watched(fetch, options.silenceS ?? SILENCE_S, options.onProgress),
    also: [409], // none was stored, and why
  };
  const take = async (answer: Response): Promise<Stored> => {
    if (!answer.headers.get('content-type')?.startsWith('application/dicom+json')) throw await refusalOf(answer);
    return outcome(await attributes<Attributes>(answer));
  };
  return client.ask('post', path, sending, take, Number.POSITIVE_INFINITY);
}

/** The headers of a study's, a series' or one instance's objects, as DICOM JSON. */
export function metadata(client: Client, of: Study | Series | Instance, options: Call = {}): Promise<Attributes[]> {
  const sending = { headers: { accept: 'application/dicom+json' }, signal: options.signal };
  return client.ask('get', `${place(of)}/metadata`, sending, attributes<Attributes[]>);
}

/** Frames of an instance, counted from 1, in their stored transfer syntax. */
export function frames(client: Client, of: Instance, numbers: readonly number[], options: Call = {}): Promise<Frame[]> {
  const accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
  const sending = { headers: { accept }, signal: options.signal };
  return client.ask('get', `${place(of)}/frames/${numbers.join(',')}`, sending, async (answer) =>
    (await partsOf(answer)).map(({ bytes, headers }) => {
      const type = headers.get('content-type') ?? '';
      const syntax = /;\s*transfer-syntax="?([0-9.]+)/i.exec(type)?.[1] ?? null;
      return { bytes, media_type: type.replace(/;.*/s, '').trim(), transfer_syntax: syntax };
    }),
  );
}

/** An instance as a picture, drawn as readers are shown it. */
export function rendered(client: Client, of: Instance, drawing: Drawing = {}): Promise<Blob> {
  const { frame, window, viewport, media_type = 'image/png', signal } = drawing;
  const path = address(`${place(of)}${frame === undefined ? '' : `/frames/${frame}`}/rendered`, undefined, {
    window: window && `${window.center},${window.width},linear`,
    viewport: viewport && `${viewport.width},${viewport.height}`,
  });
  return client.ask('get', path, { headers: { accept: media_type }, signal }, (answer) => answer.blob());
}

function place(of: Study | Series | Instance): string {
  if ('instance' in of) return address('/dicom-web/studies/{study}/series/{series}/instances/{instance}', of);
  if ('series' in of) return address('/dicom-web/studies/{study}/series/{series}', of);
  return address('/dicom-web/studies/{study}', of);
}

async function attributes<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new NotUnderstood('DICOM JSON was due, the answer is none');
  }
}

function outcome(told: Attributes): Stored {
  const items = (tag: string): Attributes[] => (told[tag]?.Value ?? []) as Attributes[];
  const value = (item: Attributes, tag: string): string | null => {
    const found = item[tag]?.Value?.[0];
    return found === undefined ? null : String(found);
  };
  return {
    stored: items('00081199').map((item) => ({
      sop_instance_uid: value(item, '00081155') ?? '',
      url: value(item, '00081190') ?? '',
    })),
    failed: items('00081198').map((item) => ({
      sop_instance_uid: value(item, '00081155'),
      reason: Number(value(item, '00081197')).toString(16).toUpperCase().padStart(4, '0'),
    })),
  };
}
