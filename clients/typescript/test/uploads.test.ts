import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Aborted, type Progress, ServiceFailed, TimedOut, Unreachable, upload } from '@wetread/client';
import { failure, refuse, service, tell, until, whole } from './service.js';

const TAKEN = { arrival_id: '20250101T000000000000-00000000', count: 1, files: [] };

test('each file is a part with its name, its bytes and a length that is known', async (t) => {
  const { client, seen } = await service(t, (_, answer) => tell(answer, TAKEN, 202));
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 256);
  await upload(client, [new File([bytes], 'é "a"\r\nb.dcm'), { name: 'b.png', data: bytes }, new Blob(['c'])]);
  const [one] = seen;
  const type = one?.headers['content-type'] ?? '';
  const given = await new Response(new Uint8Array(one?.body ?? []), { headers: { 'content-type': type } }).formData();
  const files = given.getAll('files') as File[];
  assert.deepEqual(
    files.map((file) => file.name),
    ['é "a"\r\nb.dcm', 'b.png', 'file-3'],
  );
  assert.deepEqual(new Uint8Array((await files[0]?.arrayBuffer()) as ArrayBuffer), bytes);
  assert.equal(one?.headers['content-length'], String(one?.body.length));
  assert.equal(one?.headers['transfer-encoding'], undefined);
});

test('a file from the disk is read piece by piece, and progress goes from nothing to all', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'large.dcm'), Buffer.alloc(8 << 20, 7));
  const { client, seen } = await service(t, (_, answer) => tell(answer, TAKEN, 202));
  const steps: Progress[] = [];
  await upload(client, [await openAsBlob(join(folder, 'large.dcm'))], { onProgress: (step) => steps.push(step) });
  const total = seen[0]?.body.length;
  assert.equal(steps[0]?.sentBytes, 0);
  assert.deepEqual(steps.at(-1), { sentBytes: total, totalBytes: total });
  assert.ok(steps.length > 20, `${steps.length} steps`);
  assert.deepEqual(
    steps.map((one) => one.sentBytes),
    steps.map((one) => one.sentBytes).toSorted((a, b) => a - b),
  );
});

test('after a 429 the whole body goes out again', async (t) => {
  let times = 0;
  const { client, seen } = await service(t, (_, answer) =>
    ++times === 1 ? refuse(answer, 429, 'too fast', { 'retry-after': '0' }) : tell(answer, TAKEN, 202),
  );
  await upload(client, [new Blob(['abc'])]);
  assert.equal(seen.length, 2);
  assert.deepEqual(seen[0]?.body, seen[1]?.body);
});

test('an upload whose connection broke, or whose store is down, is not repeated', async (t) => {
  let times = 0;
  const { client, seen } = await service(t, (_, answer, request) =>
    ++times === 1 ? request.socket.destroy() : refuse(answer, 503, 'no room is left', { 'retry-after': '0' }),
  );
  assert.ok((await failure(upload(client, [new Blob(['abc'])]))) instanceof Unreachable);
  const full = await failure(upload(client, [new Blob(['abc'])]));
  assert.ok(full instanceof ServiceFailed);
  assert.equal(full.message, 'no room is left');
  assert.equal(seen.length, 2);
});

test('an abort breaks an upload off at once, and the service notices', async (t) => {
  let broken = false;
  const { client, seen } = await service(
    t,
    (_, __, request) => {
      request.on('close', () => {
        broken = true;
      });
      request.on('data', () => {
        request.pause();
        setTimeout(() => request.resume(), 10);
      });
    },
    {},
    true,
  );
  const stop = new AbortController();
  const problem = failure(upload(client, [new Blob([new Uint8Array(32 << 20)])], { signal: stop.signal }));
  await until(() => seen.length > 0);
  stop.abort(new Error('changed my mind'));
  const thrown = await problem;
  assert.ok(thrown instanceof Aborted);
  assert.match(String(thrown.cause), /changed my mind/);
  await until(() => broken);
  assert.equal(seen.length, 1);
});

test('an upload that stands still is given up, one that moves has all the time it needs', async (t) => {
  let stands = false;
  const { client } = await service(
    t,
    async (_, answer, request) => {
      if (stands) return;
      await whole(request);
      tell(answer, TAKEN, 202);
    },
    { timeoutS: 0.01 },
    true,
  );
  assert.equal((await upload(client, [new Blob(['abc'])], { silenceS: 5 })).count, 1);
  stands = true;
  const problem = await failure(upload(client, [new Blob([new Uint8Array(32 << 20)])], { silenceS: 0.2 }));
  assert.ok(problem instanceof TimedOut, String(problem));
  assert.match(problem.message, /nothing moved for 0.2 s/);
});

test('no file is a mistake of the caller', async (t) => {
  const { client, seen } = await service(t, (_, answer) => tell(answer, TAKEN, 202));
  assert.ok((await failure(upload(client, []))) instanceof TypeError);
  assert.equal(seen.length, 0);
});
