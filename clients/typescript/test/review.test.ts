import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conflict, DraftConflict, reportAs, saveDraft, sign } from '@wetread/client';
import { failure, refuse, service, tell } from './service.js';

function house(revision: number) {
  return ({ method }: { method: string }, answer: Parameters<typeof tell>[0]): unknown => {
    if (method === 'PUT') return refuse(answer, 409, 'rad2 wrote meanwhile');
    return tell(answer, { draft: { text: 'Theirs.', revision, by: 'rad2', at: null } });
  };
}

test('a draft that somebody else wrote over is refused with both texts', async (t) => {
  const { client, seen } = await service(t, house(4));
  const problem = await failure(saveDraft(client, 's1', { text: 'Mine.', revision: 3 }));
  assert.ok(problem instanceof DraftConflict && problem instanceof Conflict);
  assert.equal(problem.message, 'rad2 wrote meanwhile');
  assert.equal(problem.status, 409);
  assert.equal(problem.mine, 'Mine.');
  assert.deepEqual(problem.present, { text: 'Theirs.', revision: 4, by: 'rad2', at: null });
  assert.equal(seen[0]?.headers['if-match'], '"3"');
});

test('a draft that is refused for another reason keeps that reason', async (t) => {
  const { client } = await service(t, house(3));
  const problem = await failure(saveDraft(client, 's1', { text: 'Mine.', revision: 3 }));
  assert.ok(problem instanceof Conflict && !(problem instanceof DraftConflict));
});

test('a signature names the report that was looked at', async (t) => {
  const { client, seen } = await service(t, (_, answer) => tell(answer, { status: 'final' }));
  await sign(client, 's1', { report_id: 'r1' });
  assert.equal(seen[0]?.url, '/api/v1/studies/s1/report/sign');
  assert.deepEqual(JSON.parse(String(seen[0]?.body)), { report_id: 'r1' });
});

test('a report as a document is its text', async (t) => {
  const { client, asked } = await service(t, (_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/plain' }).end('é'),
  );
  assert.equal(await reportAs(client, 's/1', 'txt'), 'é');
  assert.deepEqual(asked(), ['GET /api/v1/studies/s%2F1/report.txt']);
});
