import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { type Change, changes, events, NotAllowed, type Sent } from '@wetread/client';
import { failure, refuse, service, until } from './service.js';

function stream(...pieces: (string | Uint8Array<ArrayBuffer>)[]): ReadableStream<Uint8Array> {
  const bytes = pieces.map((piece) => (typeof piece === 'string' ? new TextEncoder().encode(piece) : piece));
  return new ReadableStream({
    start(out) {
      for (const piece of bytes) out.enqueue(piece);
      out.close();
    },
  });
}

async function all(body: ReadableStream<Uint8Array>): Promise<Sent[]> {
  const found: Sent[] = [];
  for await (const sent of events(body)) if (sent.data !== '') found.push(sent);
  return found;
}

function open(answer: ServerResponse, ...pieces: (string | Uint8Array)[]): void {
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) answer.write(piece);
}

const event = (id: number, study = 's') =>
  `id: ${id}\nevent: study.new\ndata: {"study_id": "${study}", "at": "2025-01-01T00:00:00Z"}\n\n`;

test('an event cut anywhere, also inside a character or a line break, is the same event', async () => {
  const bytes = new TextEncoder().encode(
    '\ufeffid: 7\r\nevent: study.new\r\n: a comment\r\ndata: {"é":\r\ndata:"我"}\r\n\r\n',
  );
  const expected = [{ id: '7', event: 'study.new', data: '{"é":\n"我"}', retryMs: null }];
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(await all(stream(bytes.slice(0, at), bytes.slice(at))), expected, `cut at ${at}`);
  }
  assert.deepEqual(await all(stream(...[...bytes].map((byte) => Uint8Array.of(byte)))), expected);
});

test('an event whose end did not come is none', async () => {
  assert.deepEqual(await all(stream('id: 1\ndata: whole\n\nid: 2\ndata: half\n')), [
    { id: '1', event: 'message', data: 'whole', retryMs: null },
  ]);
});

test('a broken connection is taken up where it broke, and nothing comes twice', async (t) => {
  const told: string[] = [];
  const { client, seen } = await service(t, ({ headers }, answer) => {
    const from = Number(headers['last-event-id'] ?? 0);
    const bytes = Buffer.from(event(from + 2, 'é'));
    open(answer, 'retry: 20\n: wetread\n\n', event(from + 1), bytes.subarray(0, bytes.indexOf('é') + 1));
    setTimeout(() => answer.destroy(), 20);
  });
  const ids: string[] = [];
  const listening = { onOpen: () => told.push('open'), onLost: () => told.push('lost') };
  for await (const change of changes(client, listening)) {
    ids.push(change.id);
    if (ids.length === 3) break;
  }
  assert.deepEqual(ids, ['1', '2', '3']);
  assert.deepEqual(
    seen.map((one) => one.headers['last-event-id']),
    [undefined, '1', '2'],
  );
  assert.deepEqual(told, ['open', 'lost', 'open', 'lost', 'open']);
});

test('an id without data says where to go on; what is no JSON is passed over', async (t) => {
  const { client, seen } = await service(t, (_, answer) => {
    open(answer, 'retry: 10\nid: 41\n\n', 'id: 42\ndata: no JSON\n\n', seen.length > 1 ? event(43) : '');
    setTimeout(() => answer.destroy(), 20);
  });
  const { value } = await changes(client).next();
  assert.equal((value as Change).id, '43');
  assert.equal((value as Change).kind, 'study.new');
  assert.deepEqual(
    seen.map((one) => one.headers['last-event-id']),
    [undefined, '42'],
  );
});

test('a connection that is silent for too long counts as lost', async (t) => {
  const { client, seen } = await service(t, (_, answer) =>
    open(answer, 'retry: 10\n\n', seen.length > 1 ? event(1) : ''),
  );
  let lost = 0;
  const { value } = await changes(client, { silenceS: 0.1, onLost: () => lost++ }).next();
  assert.equal((value as Change).id, '1');
  assert.equal(lost, 1);
});

test('who may not listen is told so; who must wait comes again', async (t) => {
  const refusing = await service(t, (_, answer) => refuse(answer, 403, 'your roles'));
  assert.ok((await failure(changes(refusing.client).next())) instanceof NotAllowed);
  const stop = new AbortController();
  const busy = await service(t, (_, answer) => refuse(answer, 429, 'too many listeners', { 'retry-after': '3600' }));
  const next = changes(busy.client, { signal: stop.signal, onLost: () => stop.abort() }).next();
  assert.deepEqual(await next, { done: true, value: undefined });
});

test('an abort ends listening at once, under way and between connections', async (t) => {
  const { client, seen } = await service(t, (_, answer) => open(answer, seen.length > 1 ? '' : event(1)));
  const stop = new AbortController();
  const listening = changes(client, { signal: stop.signal });
  await listening.next();
  const next = listening.next();
  stop.abort();
  assert.equal((await next).done, true);

  const between = new AbortController();
  const gone = await service(t, (_, answer) => {
    open(answer, 'retry: 60000\n\n');
    answer.end();
  });
  let lost = false;
  const ended = changes(gone.client, { signal: between.signal, onLost: () => (lost = true) }).next();
  await until(() => lost);
  between.abort();
  assert.equal((await ended).done, true);
});
