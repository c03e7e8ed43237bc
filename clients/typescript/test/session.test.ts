import assert from 'node:assert/strict';
import { test } from 'node:test';
import { login, logout, NotAllowed, NotLoggedIn } from '@wetread/client';
import { failure, type Handle, refuse, service, sessionOf, tell } from './service.js';

const lock = ['/api/v1/studies/{study_id}/lock', { path: { study_id: 'a' } }] as const;
const noToken = { token: undefined };

/** A service with sessions: `csrf` is the token that counts now. */
function house(state: { csrf: string; cookie?: string }): Handle {
  return ({ url, method, headers }, answer) => {
    if (url === '/api/v1/login' && method === 'POST') {
      return tell(answer, { csrf: state.csrf }, 200, {
        'set-cookie': 'wetread=abc=; HttpOnly; Path=/; SameSite=strict',
      });
    }
    if (url === '/api/v1/logout') return answer.writeHead(204, { 'set-cookie': 'wetread=""; Max-Age=0; Path=/' }).end();
    if (state.cookie !== undefined && headers.cookie !== state.cookie) return refuse(answer, 401, 'log in');
    if (url === '/api/v1/session') return sessionOf(state.csrf)({} as never, answer, {} as never);
    if (headers['x-csrf-token'] !== state.csrf)
      return refuse(answer, 403, 'the header X-CSRF-Token is not of this session');
    tell(answer, { holder: 'rad', until: '' });
  };
}

test('a change carries the CSRF token of the session, asked for once', async (t) => {
  const { client, asked } = await service(t, house({ csrf: 'one' }), noToken);
  await client.post(...lock);
  await client.post(...lock);
  const change = 'POST /api/v1/studies/a/lock';
  assert.deepEqual(asked(), ['GET /api/v1/session', change, change]);
});

test('a session that is another one by now has its CSRF token renewed, once', async (t) => {
  const state = { csrf: 'one' };
  const { client, asked } = await service(t, house(state), noToken);
  await client.post(...lock);
  state.csrf = 'two';
  await client.post(...lock);
  assert.equal(asked().filter((one) => one.startsWith('POST')).length, 3);
});

test('a change that is not allowed is asked once: the same token brings the same answer', async (t) => {
  const { client, asked } = await service(
    t,
    ({ url }, answer) =>
      url === '/api/v1/session' ? tell(answer, { csrf: 'one' }) : refuse(answer, 403, 'your roles'),
    noToken,
  );
  assert.ok((await failure(client.post(...lock))) instanceof NotAllowed);
  assert.equal(asked().filter((one) => one.startsWith('POST')).length, 1);
});

test('a 401 forgets the CSRF token: after logging in again the new one is sent', async (t) => {
  const state = { csrf: 'one', cookie: 'wetread=abc=' };
  const { client, seen } = await service(t, house(state), noToken);
  assert.ok((await failure(client.post(...lock))) instanceof NotLoggedIn);
  await login(client, { login: 'rad', password: 'wide-awake-at-night' });
  await client.post(...lock);
  state.cookie = 'wetread=gone';
  assert.ok((await failure(client.post(...lock))) instanceof NotLoggedIn);
  Object.assign(state, { csrf: 'two', cookie: 'wetread=abc=' });
  await client.post(...lock);
  assert.equal(seen.at(-1)?.headers['x-csrf-token'], 'two');
});

test('where no browser keeps the session, the client does, until it logs out', async (t) => {
  const { client, seen } = await service(t, house({ csrf: 'one' }), noToken);
  await login(client, { login: 'rad', password: 'wide-awake-at-night' });
  await client.get('/api/v1/session');
  assert.equal(seen.at(-1)?.headers.cookie, 'wetread=abc=');
  await logout(client);
  await client.get('/api/v1/session');
  assert.equal(seen.at(-1)?.headers.cookie, undefined);
});

test('a cookie for https alone never goes over http', async (t) => {
  const { client, seen } = await service(
    t,
    (_, answer) => tell(answer, {}, 200, { 'set-cookie': '__Host-wetread=abc; Secure; Path=/' }),
    noToken,
  );
  await client.get('/healthz');
  await client.get('/healthz');
  assert.equal(seen.at(-1)?.headers.cookie, undefined);
});

test('with a token there is neither cookie nor CSRF token', async (t) => {
  const { client, seen } = await service(t, (_, answer) => tell(answer, {}, 200, { 'set-cookie': 'wetread=abc' }));
  await client.post(...lock);
  await client.post(...lock);
  assert.equal(seen.length, 2);
  assert.equal(seen[1]?.headers.cookie, undefined);
  assert.equal(seen[1]?.headers['x-csrf-token'], undefined);
});
