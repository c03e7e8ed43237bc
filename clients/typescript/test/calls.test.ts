import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  Aborted,
  address,
  BadRequest,
  Client,
  Conflict,
  NotAllowed,
  NotFound,
  NotLoggedIn,
  NotUnderstood,
  type Refused,
  retryAfter,
  ServiceFailed,
  TimedOut,
  TooMany,
  Unreachable,
  WetreadError,
} from '@wetread/client';
import { failure, refuse, service, tell, until } from './service.js';

const STUDY = 'a'.repeat(32);
const one = { path: { study_id: STUDY } };

test('Retry-After is read in both its forms, a date by the clock of the service', () => {
  const read = (written: string, date?: string) =>
    retryAfter(new Headers({ 'retry-after': written, ...(date ? { date } : {}) }));
  assert.equal(read('7'), 7);
  assert.equal(read('Wed, 01 Jan 2025 00:00:30 GMT', 'Wed, 01 Jan 2025 00:00:00 GMT'), 30);
  assert.equal(read('Wed, 01 Jan 2025 00:00:00 GMT', 'Wed, 01 Jan 2025 00:00:30 GMT'), 0);
  assert.equal(read('soon'), null);
  assert.equal(retryAfter(new Headers()), null);
});

for (const form of ['seconds', 'date'] as const) {
  test(`a GET comes again when Retry-After says so in ${form}`, async (t) => {
    const date = new Date(1_750_000_000_000);
    const header = form === 'seconds' ? '1' : new Date(date.getTime() + 1000).toUTCString();
    let times = 0;
    const { client } = await service(t, (_, answer) => {
      if (++times > 1) return tell(answer, { status: 'ok' });
      refuse(answer, 503, 'busy', { 'retry-after': header, date: date.toUTCString() });
    });
    const began = performance.now();
    await client.get('/healthz');
    const tookMs = performance.now() - began;
    assert.ok(tookMs > 900 && tookMs < 3000, `${tookMs} ms`);
  });
}

test('a Retry-After longer than one wants to wait is thrown at once, and told', async (t) => {
  const { client, seen } = await service(t, (_, answer) =>
    refuse(answer, 429, 'come tomorrow', { 'retry-after': '86400' }),
  );
  const problem = await failure(client.get('/healthz'));
  assert.ok(problem instanceof TooMany);
  assert.equal(problem.retryAfterS, 86400);
  assert.equal(seen.length, 1);
});

test('a change is repeated on 429 alone, never on 503 or a lost connection', async (t) => {
  let first = true;
  const { client, seen } = await service(t, ({ url }, answer, request) => {
    if (url.endsWith('/lock')) return request.socket.destroy();
    if (url.endsWith('/reads')) return refuse(answer, 503, 'the store does not answer', { 'retry-after': '0' });
    if (!first) return tell(answer, { report_id: 'r', status: 'final', study_id: STUDY });
    first = false;
    refuse(answer, 429, 'too fast', { 'retry-after': '0' });
  });
  await client.post('/api/v1/studies/{study_id}/report/sign', { ...one, body: { report_id: 'r' } });
  assert.equal(seen.length, 2);
  const failed = await failure(client.post('/api/v1/studies/{study_id}/reads', one));
  assert.ok(failed instanceof ServiceFailed);
  assert.equal(seen.length, 3);
  const lost = await failure(client.post('/api/v1/studies/{study_id}/lock', one));
  assert.ok(lost instanceof Unreachable && !(lost instanceof TimedOut));
  assert.equal(seen.length, 4);
});

test('a GET whose body breaks off is asked again', async (t) => {
  let times = 0;
  const { client } = await service(t, (_, answer) => {
    if (++times > 1) return tell(answer, { status: 'ok' });
    answer.writeHead(200, { 'content-length': '1000' });
    answer.write('{"status":');
    setTimeout(() => answer.destroy(), 20);
  });
  assert.deepEqual(await client.get('/healthz'), { status: 'ok' });
});

test('a service that is down is Unreachable, by its address', async () => {
  const client = new Client({ baseUrl: 'http://127.0.0.1:1', token: 'wr_secret', tries: 2 });
  const problem = await failure(client.get('/healthz'));
  assert.ok(problem instanceof Unreachable);
  assert.match(problem.message, /^GET \/healthz: .*(ECONNREFUSED|bad port)/);
});

test('each status is its own class, with the words of the service', async (t) => {
  const { client } = await service(
    t,
    ({ url }, answer) => refuse(answer, Number(url.slice(-3)), `words of ${url.slice(-3)}`),
    {
      tries: 1,
    },
  );
  const kinds = { 400: BadRequest, 401: NotLoggedIn, 403: NotAllowed, 404: NotFound, 409: Conflict, 413: BadRequest };
  for (const [status, kind] of Object.entries({ ...kinds, 422: BadRequest, 429: TooMany, 500: ServiceFailed })) {
    const problem = await failure(client.get('/api/v1/studies/{study_id}', { path: { study_id: status } }));
    assert.equal(problem.constructor, kind, status);
    assert.equal(problem.name, kind.name);
    assert.equal(problem.message, `words of ${status}`);
    assert.deepEqual((problem as Refused).errors, ['body.text: too long']);
    assert.ok(problem instanceof WetreadError);
  }
});

test("a proxy's error page is still the error of its status", async (t) => {
  const { client } = await service(t, (_, answer) => answer.writeHead(502).end('<html>Bad Gateway'), { tries: 1 });
  const problem = await failure(client.get('/healthz'));
  assert.ok(problem instanceof ServiceFailed);
  assert.equal(problem.message, 'Bad Gateway');
});

test('a page where JSON was due is NotUnderstood, and not asked for again', async (t) => {
  const { client, seen } = await service(t, (_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome'),
  );
  const problem = await failure(client.get('/healthz'));
  assert.ok(problem instanceof NotUnderstood);
  assert.match(problem.message, /text\/html/);
  assert.equal(seen.length, 1);
});

test('an answer that does not begin, or begins and does not end, is TimedOut', async (t) => {
  const { client } = await service(
    t,
    ({ url }, answer) => {
      if (url === '/healthz') answer.writeHead(200, { 'content-type': 'application/json' }).write('{');
    },
    { timeoutS: 0.1, tries: 2 },
  );
  for (const path of ['/readyz', '/healthz'] as const) {
    const problem = await failure(client.get(path));
    assert.ok(problem instanceof TimedOut, inspect(problem));
    assert.equal(problem.message, `GET ${path}: no answer within 0.1 s`);
  }
});

test('a limit and an abort hold for a body that does not end, also when memory is tidied up', async (t) => {
  setFlagsFromString('--expose-gc');
  const tidy = runInNewContext('gc') as () => void;
  const { client } = await service(t, (_, answer) => answer.writeHead(200).write('{'), { timeoutS: 0.3, tries: 1 });
  setTimeout(tidy, 100);
  assert.ok((await failure(client.get('/healthz'))) instanceof TimedOut);
  const stop = new AbortController();
  setTimeout(tidy, 100);
  setTimeout(() => stop.abort(), 200);
  assert.ok((await failure(client.get('/healthz', { signal: stop.signal }))) instanceof Aborted);
});

test('an abort ends a call at once: before it, under way, and while it waits to come again', async (t) => {
  const { client, seen } = await service(t, ({ url }, answer) => {
    if (url === '/readyz') refuse(answer, 503, 'busy', { 'retry-after': '30' });
  });
  const early = await failure(client.get('/healthz', { signal: AbortSignal.abort('no more') }));
  assert.ok(early instanceof Aborted);
  assert.equal(early.cause, 'no more');
  assert.equal(seen.length, 0);
  for (const path of ['/healthz', '/readyz'] as const) {
    const stop = new AbortController();
    const before: number = seen.length;
    const began = performance.now();
    const problem = failure(client.get(path, { signal: stop.signal }));
    await until(() => seen.length > before);
    stop.abort();
    assert.ok((await problem) instanceof Aborted);
    assert.ok(performance.now() - began < 1000);
    assert.equal(seen.length, before + 1);
  }
});

test('parts of a path are escaped, and what would lead elsewhere is refused', async (t) => {
  const { client, asked } = await service(t, (_, answer) => tell(answer, {}));
  const weird = 'a/b?c#d%2Fé 我';
  await client.get('/api/v1/studies/{study_id}', { path: { study_id: weird } });
  assert.deepEqual(asked(), [`GET /api/v1/studies/${encodeURIComponent(weird)}`]);
  for (const bad of ['', '.', '..', '\ud800']) {
    assert.ok(
      (await failure(client.get('/api/v1/studies/{study_id}', { path: { study_id: bad } }))) instanceof TypeError,
    );
  }
  assert.equal(
    address('/worklist', {}, { status: ['a', 'b'], text: 'é&', after: undefined }),
    '/worklist?status=a&status=b&text=%C3%A9%26',
  );
});

test('no error, and no look at the client, shows the token or what was searched for', async (t) => {
  const { client } = await service(t, (_, answer) => answer.destroy(), { tries: 1 });
  const problem = await failure(client.get('/api/v1/worklist', { query: { text: 'Doe^Jane' } }));
  const shown = inspect([problem, client], { depth: 9, showHidden: true });
  assert.doesNotMatch(shown, /wr_secret|Doe/);
  const broken = (() => {
    try {
      return new Client({ baseUrl: 'http://127.0.0.1:1', token: 'wr_secret\nwr_other' });
    } catch (caught) {
      return caught;
    }
  })();
  assert.ok(broken instanceof TypeError);
  assert.doesNotMatch(inspect(broken), /wr_/);
});

test('a token from a file may end with a line break', async (t) => {
  const { client, seen } = await service(t, (_, answer) => tell(answer, {}), { token: 'wr_abc\n' });
  await client.get('/healthz');
  assert.equal(seen[0]?.headers.authorization, 'Bearer wr_abc');
});

test('a redirect is not followed: credentials stay where they were meant for', async (t) => {
  const { client, seen } = await service(t, (_, answer) => answer.writeHead(302, { location: '/elsewhere' }).end(), {
    tries: 1,
  });
  assert.ok((await failure(client.get('/healthz'))) instanceof Unreachable);
  assert.equal(seen.length, 1);
});

test('a base address must be one', () => {
  for (const baseUrl of ['', 'wetread', 'ftp://host', 'http://me:secret@host', 'http://host/?a=b']) {
    assert.throws(() => new Client({ baseUrl }), TypeError);
  }
  assert.equal(new Client({ baseUrl: 'https://host/wetread//' }).baseUrl, 'https://host/wetread');
});

test('an answer comes with its ETag and status, nothing as undefined', async (t) => {
  const { client, seen } = await service(t, ({ method }, answer) =>
    method === 'DELETE' ? answer.writeHead(204).end() : tell(answer, { text: 'é' }, 200, { etag: '"3"' }),
  );
  const asked = { ...one, body: { text: 'é' }, ifMatch: '"2"' };
  const told = await client.call('put', '/api/v1/studies/{study_id}/report', asked);
  assert.equal(told.etag, '"3"');
  assert.equal(seen[0]?.headers['if-match'], '"2"');
  assert.equal(seen[0]?.body.toString(), '{"text":"é"}');
  assert.equal(await client.delete('/api/v1/studies/{study_id}/lock', one), undefined);
});

test('what the API requires, the compiler requires', () => {
  const client = new Client({ baseUrl: 'http://127.0.0.1:1' });
  const never = () => {
    // @ts-expect-error a study has an id
    void client.get('/api/v1/studies/{study_id}');
    // @ts-expect-error there is no such path
    void client.get('/api/v1/nothing');
    // @ts-expect-error nobody can delete a worklist
    void client.delete('/api/v1/worklist');
    // @ts-expect-error a signature names the report that was looked at
    void client.post('/api/v1/studies/{study_id}/report/sign', { ...one, body: {} });
    // @ts-expect-error an order that the API does not know
    void client.get('/api/v1/worklist', { query: { sort: 'by mood' } });
  };
  assert.equal(typeof never, 'function');
});
