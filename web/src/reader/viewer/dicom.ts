/** Headers as DICOM JSON (PS3.18 annex F): what they say by tag, or nothing. */

interface Element {
  vr?: string;
  Value?: readonly unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}
export type Header = Readonly<Record<string, Element>>;

const SHARED_GROUPS = '52009229';
const FRAME_GROUPS = '52009230';

export function has(header: Header, tag: string): boolean {
  const found = header[tag];
  return found !== undefined && Boolean(found.Value?.length || found.BulkDataURI || found.InlineBinary);
}

/** The values of an element as words. A person's name is its alphabetic group. */
export function texts(header: Header, tag: string): string[] {
  return (header[tag]?.Value ?? []).map((value) => {
    if (value === null || value === undefined) return '';
    return typeof value === 'object' ? String((value as { Alphabetic?: string }).Alphabetic ?? '') : String(value);
  });
}

export function text(header: Header, tag: string): string | null {
  return texts(header, tag)[0]?.trim() || null;
}

/** The values of an element where all of them are numbers; nothing otherwise. */
export function numbers(header: Header, tag: string): number[] {
  const found = (header[tag]?.Value ?? []).map((value) =>
    value === null || value === '' ? Number.NaN : Number(value),
  );
  return found.every(Number.isFinite) ? found : [];
}

export function number(header: Header, tag: string): number | null {
  return numbers(header, tag)[0] ?? null;
}

export function items(header: Header, tag: string): Header[] {
  return (header[tag]?.Value ?? []).filter((one): one is Header => typeof one === 'object' && one !== null);
}

/** What a functional group says of a frame (from 1): its own, else the shared one, else the object itself. */
export function group(header: Header, sequence: string, frame: number): Header {
  for (const holder of [items(header, FRAME_GROUPS)[frame - 1], items(header, SHARED_GROUPS)[0]]) {
    const found = holder && items(holder, sequence)[0];
    if (found) return found;
  }
  return header;
}
