const CRLF2 = [13, 10, 13, 10] as const;

/** A frame as it is stored. */
export interface StoredFrame {
  bytes: Uint8Array;
  syntax: string;
}

/** The one part of a multipart answer (RFC 2387), with the transfer syntax that it names. */
export function onePart(body: Uint8Array, contentType: string): StoredFrame {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return { bytes: body, syntax: syntaxIn(contentType) };
  const start = find(body, CRLF2, 0);
  const head = new TextDecoder('latin1').decode(body.subarray(0, Math.max(0, start)));
  const end = body.length - new TextEncoder().encode(`\r\n--${boundary}--`).length;
  const last = findLast(body, new TextEncoder().encode(`\r\n--${boundary}`), end + 2);
  if (start < 0 || last < start) throw new Error('the frame arrived broken');
  return { bytes: body.slice(start + 4, last), syntax: syntaxIn(head) };
}

function syntaxIn(words: string): string {
  return /transfer-syntax="?([0-9.]+)/i.exec(words)?.[1] ?? '1.2.840.10008.1.2.1';
}

function find(body: Uint8Array, wanted: ArrayLike<number>, from: number): number {
  for (let at = from; at <= body.length - wanted.length; at++) if (matches(body, wanted, at)) return at;
  return -1;
}

function findLast(body: Uint8Array, wanted: ArrayLike<number>, from: number): number {
  for (let at = Math.min(from, body.length - wanted.length); at >= 0; at--) if (matches(body, wanted, at)) return at;
  return -1;
}

function matches(body: Uint8Array, wanted: ArrayLike<number>, at: number): boolean {
  for (let part = 0; part < wanted.length; part++) if (body[at + part] !== wanted[part]) return false;
  return true;
}

/** What a JPEG 2000 codestream says of its first component (ISO 15444-1 A.5.1); null where it says nothing. */
export function j2kSays(bytes: Uint8Array): { signed: boolean; bits: number } | null {
  const start = find(bytes.subarray(0, 4096), [0xff, 0x4f, 0xff, 0x51], 0);
  const depth = start < 0 ? undefined : bytes[start + 42];
  return depth === undefined ? null : { signed: depth >= 128, bits: (depth & 127) + 1 };
}
