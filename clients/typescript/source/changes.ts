import type { Client } from './client.js';
import { Aborted, Refused } from './errors.js';
import { pause, unless } from './waiting.js';

/** Something that changed: `kind` as `study.reported`; it names a study and holds nothing of a patient. */
export interface Change {
  id: string;
  kind: string;
  study_id: string | null;
  at: string;
  data: Record<string, unknown>;
}

/** One event of a stream of server-sent events, as it came. With empty `data` it only tells where the stream stands. */
export interface Sent {
  id: string;
  event: string;
  data: string;
  retryMs: number | null;
}

/** How to listen. `onOpen` and `onLost` tell how the connection stands: what changed while it was lost may be missed. */
export interface Listening {
  /** Go on after this change's id; else from now on. */
  after?: string | undefined;
  signal?: AbortSignal | undefined;
  onOpen?: (() => void) | undefined;
  onLost?: (() => void) | undefined;
  /** Seconds without a sign of life after which a connection counts as lost; the service gives one every 15 s. */
  silenceS?: number;
}

const RECONNECT_S = 2;
const LONGEST_RECONNECT_S = 60;
const SILENCE_S = 45;
const PASSING = new Set([408, 425, 429]);

/**
 * The service's changes as they happen, one connection after the other, none twice. Ends when `signal` says so;
 * throws a `Refused` (401, 403) where asking again would not help.
 */
export async function* changes(client: Client, options: Listening = {}): AsyncGenerator<Change, void, void> {
  const { signal, onLost } = options;
  const place: Place = { after: options.after, reconnectS: RECONNECT_S };
  while (!signal?.aborted) {
    try {
      yield* connection(client, place, options);
    } catch (problem) {
      if (problem instanceof Aborted || signal?.aborted) return;
      if (problem instanceof Refused && problem.status < 500 && !PASSING.has(problem.status)) throw problem;
    }
    onLost?.();
    await pause(place.reconnectS, signal).catch(() => undefined);
  }
}

/** How far one has listened, and how soon to come again. */
interface Place {
  after: string | undefined;
  reconnectS: number;
}

async function* connection(client: Client, place: Place, options: Listening): AsyncGenerator<Change, void, void> {
  const { signal, silenceS = SILENCE_S } = options;
  const headers = new Headers({ accept: 'text/event-stream' });
  if (place.after !== undefined) headers.set('last-event-id', place.after);
  const answer = await client.send('get', '/api/v1/events', { headers, signal }, Number.POSITIVE_INFINITY);
  if (!answer.body) return;
  options.onOpen?.();
  for await (const sent of events(answer.body, { silenceS, signal })) {
    if (sent.id) place.after = sent.id;
    if (sent.retryMs !== null) place.reconnectS = Math.min(LONGEST_RECONNECT_S, sent.retryMs / 1000);
    const change = changeOf(sent);
    if (change) yield change;
  }
}

/** The events in a stream, by the rules of the HTML standard (9.2.6). Throws where it is silent for too long. */
export async function* events(
  body: ReadableStream<Uint8Array>,
  { silenceS = Number.POSITIVE_INFINITY, signal }: Pick<Listening, 'silenceS' | 'signal'> = {},
): AsyncGenerator<Sent, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let sent = nothing('');
  try {
    for (;;) {
      const { done, value } = await unless(signal, within(reader, silenceS));
      if (done) return; // an event without its empty line is not whole
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') field(sent, line);
        else {
          yield { ...sent, data: sent.data.slice(0, -1) };
          sent = nothing(sent.id);
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function nothing(id: string): Sent {
  return { id, event: 'message', data: '', retryMs: null };
}

function field(sent: Sent, line: string): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'id' && !text.includes('\0')) sent.id = text;
  else if (name === 'event') sent.event = text;
  else if (name === 'data') sent.data += `${text}\n`;
  else if (name === 'retry' && /^\d+$/.test(text)) sent.retryMs = Number(text);
}

/** The next piece. A connection can be dead without anybody saying so: then only silence tells. */
async function within(reader: ReadableStreamDefaultReader<Uint8Array>, silenceS: number) {
  if (!Number.isFinite(silenceS)) return reader.read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${silenceS} s`)), silenceS * 1000);
  });
  try {
    return await Promise.race([reader.read(), silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** The change that an event tells; null where it tells none that this client understands. */
function changeOf(sent: Sent): Change | null {
  try {
    const told: unknown = JSON.parse(sent.data);
    if (typeof told !== 'object' || told === null) return null;
    const { study_id, at, ...data } = told as Record<string, unknown>;
    return {
      id: sent.id,
      kind: sent.event,
      study_id: typeof study_id === 'string' ? study_id : null,
      at: String(at),
      data,
    };
  } catch {
    return null;
  }
}
