import { NotUnderstood } from './errors.js';

/** A file to send: a `Blob` or `File` (in Node `await openAsBlob(path)` reads it piece by piece), or bytes with a name. */
export type Sendable = Blob | { name: string; data: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> };

/** A body whose parts are read when it is sent, as often as it is sent, and whose length is known. */
export interface Composed {
  type: string;
  body: Blob;
}

/** One part of a multipart answer. */
export interface Part {
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Files as multipart/form-data. Names are escaped by the rules of the HTML standard (4.10.21.8). */
export function form(files: Iterable<Sendable>, field = 'files'): Composed {
  const names: Record<string, string> = { '"': '%22', '\r': '%0D', '\n': '%0A' };
  const head = (file: Sendable, number: number): string => {
    const name = nameOf(file, number).replace(/["\r\n]/g, (one) => names[one] ?? '');
    return `Content-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream`;
  };
  return compose('multipart/form-data', files, head);
}

/** Objects as multipart/related; type="application/dicom", as STOW-RS takes them (PS3.18 10.5). */
export function related(files: Iterable<Sendable>): Composed {
  return compose('multipart/related; type="application/dicom"', files, () => 'Content-Type: application/dicom');
}

/**
 * The parts of a multipart answer, each with the bytes it had.
 *
 * @throws NotUnderstood where the body breaks off or is none.
 */
export async function partsOf(answer: Response): Promise<Part[]> {
  const type = answer.headers.get('content-type') ?? '';
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type);
  const name = boundary?.[1] ?? boundary?.[2];
  if (!/^multipart\//i.test(type) || !name) throw new NotUnderstood(`a multipart answer was due, this is ${type}`);
  const whole = new Uint8Array(await answer.arrayBuffer());
  const line = new TextEncoder().encode(`--${name}`);
  const found: Part[] = [];
  for (let at = next(whole, line, 0); at >= 0; ) {
    const after = at + line.length;
    if (whole[after] === 45 && whole[after + 1] === 45) return found; // "--": the last one
    const head = next(whole, BLANK, after);
    if (head < 0) break;
    const headers = headersIn(whole.subarray(after, head));
    const start = head + BLANK.length;
    const length = Number(headers.get('content-length') ?? Number.NaN); // pixels may hold what looks like a boundary
    const end = next(whole, line, Number.isInteger(length) ? start + length : start);
    if (end < 0) break;
    found.push({ headers, bytes: whole.slice(start, end - 2) });
    at = end;
  }
  throw new NotUnderstood('the multipart answer breaks off');
}

const BLANK = new TextEncoder().encode('\r\n\r\n');

function compose(type: string, files: Iterable<Sendable>, head: (file: Sendable, number: number) => string): Composed {
  const random = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0'));
  const boundary = `wetread-${random.join('')}`;
  const pieces: BlobPart[] = [];
  let count = 0;
  for (const file of files) {
    pieces.push(`--${boundary}\r\n${head(file, ++count)}\r\n\r\n`, file instanceof Blob ? file : file.data, '\r\n');
  }
  if (count === 0) throw new TypeError('there is no file to send');
  pieces.push(`--${boundary}--\r\n`);
  return { type: `${type}; boundary=${boundary}`, body: new Blob(pieces) };
}

function nameOf(file: Sendable, number: number): string {
  return ('name' in file && typeof file.name === 'string' && file.name) || `file-${number}`;
}

function headersIn(bytes: Uint8Array): Headers {
  const headers = new Headers();
  for (const line of new TextDecoder('latin1').decode(bytes).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

function next(whole: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = whole.indexOf(first, from); at >= 0; at = whole.indexOf(first, at + 1)) {
    if (wanted.every((byte, step) => whole[at + step] === byte)) return at;
  }
  return -1;
}
