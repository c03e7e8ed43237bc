import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { Aborted, NotFound, read, StillWaiting, waitForStudies, worklist, worklistPages } from '@wetread/client';
import { failure, refuse, type Seen, service, tell, until } from './service.js';

const ARRIVAL = '20250101T000000000000-00000000';

interface State {
  status: string;
  placed: boolean;
  listeners?: ServerResponse[];
}

/** A service that places one study and reads it when the test says so; without `listeners` nobody may listen. */
function house(state: State) {
  return ({ url, method }: Seen, answer: ServerResponse): unknown => {
    if (url === '/api/v1/events') return listened(state, answer);
    if (method === 'POST') return tell(answer, { arrival_id: ARRIVAL, count: 1, files: [] }, 202);
    if (url.endsWith('/report')) return tell(answer, { report_id: 'r', priority: 'P2' });
    if (url.endsWith('/reads')) return tell(answer, { reads: [{ read_id: 'x' }] });
    if (url.startsWith('/api/v1/studies/')) return tell(answer, { study_id: 's1', status: state.status, ai: 'read' });
    const closed_at = state.placed ? '2025-01-01T00:00:00Z' : null;
    const study_ids = state.placed ? ['s1'] : [];
    return tell(answer, { arrival_id: ARRIVAL, closed_at, waiting: 0, study_ids, problems: [] });
  };
}

function listened(state: State, answer: ServerResponse): unknown {
  if (!state.listeners) return refuse(answer, 403, 'your roles');
  state.listeners.push(answer);
  return answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wetread\n\n');
}

test('who may not listen asks until each study is through', async (t) => {
  const state = { status: 'queued', placed: false };
  const { client } = await service(t, house(state));
  const statuses: string[] = [];
  const done = read(client, [new Blob(['x'])], {
    onStudy: (study) => {
      statuses.push(study.status);
      state.status = 'reported';
    },
  });
  state.placed = true;
  const { arrival, studies } = await done;
  assert.equal(arrival.arrival_id, ARRIVAL);
  assert.deepEqual(statuses, ['queued', 'reported']);
  assert.equal(studies[0]?.report.priority, 'P2');
  assert.equal(studies[0]?.reads[0]?.read_id, 'x');
});

test('who listens asks when something changed, and hardly otherwise', async (t) => {
  const state = { status: 'reading', placed: true, listeners: [] as ServerResponse[] };
  const { client, asked } = await service(t, house(state));
  const waiting = waitForStudies(client, ARRIVAL);
  const looks = () => asked().filter((one) => one.includes('/uploads/')).length;
  await until(() => looks() >= 2); // one at once, one when the connection stood
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(looks(), 2);
  state.status = 'failed';
  state.listeners[0]?.write('id: 1\nevent: study.failed\ndata: {"study_id": "s1", "at": ""}\n\n');
  const { studies } = await waiting;
  assert.equal(studies[0]?.status, 'failed');
  assert.equal(looks(), 3);
});

test('studies that are not through in time are named, and one can wait on', async (t) => {
  const state = { status: 'reading', placed: true };
  const { client } = await service(t, house(state));
  const problem = await failure(waitForStudies(client, ARRIVAL, { timeoutS: 0.05 }));
  assert.ok(problem instanceof StillWaiting);
  assert.deepEqual([problem.arrival_id, problem.study_ids], [ARRIVAL, ['s1']]);
  state.status = 'signed';
  assert.equal((await waitForStudies(client, problem.arrival_id)).studies.length, 1);
});

test('an abort ends the wait at once, with the connection that listened', async (t) => {
  const state = { status: 'reading', placed: true, listeners: [] as ServerResponse[] };
  const { client, seen } = await service(t, house(state));
  const stop = new AbortController();
  const problem = failure(waitForStudies(client, ARRIVAL, { signal: stop.signal }));
  await until(() => state.listeners.length > 0);
  stop.abort();
  assert.ok((await problem) instanceof Aborted);
  await until(() => state.listeners[0]?.destroyed === true);
  const asked = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(seen.length, asked);
});

test('an arrival that nobody knows is not waited for', async (t) => {
  const { client } = await service(t, (_, answer) => refuse(answer, 404, 'there is no arrival'));
  assert.ok((await failure(waitForStudies(client, ARRIVAL))) instanceof NotFound);
});

test('the worklist is walked page by page, and a study that moved comes once', async (t) => {
  const pages: Record<string, { rows: { study_id: string }[]; next: string | null }> = {
    '': { rows: [{ study_id: 'a' }, { study_id: 'b' }], next: 'b&c' },
    'b&c': { rows: [{ study_id: 'b' }, { study_id: 'c' }], next: null },
  };
  const { client, asked } = await service(t, ({ url }, answer) => {
    tell(answer, pages[new URL(url, 'http://x').searchParams.get('after') ?? '']);
  });
  const rows: string[] = [];
  for await (const row of worklist(client, { open: true, limit: 2 })) rows.push(row.study_id);
  assert.deepEqual(rows, ['a', 'b', 'c']);
  assert.deepEqual(asked(), [
    'GET /api/v1/worklist?open=true&limit=2',
    'GET /api/v1/worklist?open=true&limit=2&after=b%26c',
  ]);
  for await (const page of worklistPages(client)) {
    assert.equal(page.rows.length, 2);
    break; // no page is asked for that nobody wants
  }
  assert.equal(asked().length, 3);
});
