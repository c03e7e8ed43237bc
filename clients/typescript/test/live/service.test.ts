/** Against a real service: WETREAD_URL, WETREAD_TOKEN (role service), WETREAD_LOGIN, WETREAD_PASSWORD, WETREAD_FILMS. */
import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  addAddendum,
  BadRequest,
  type Change,
  Client,
  Conflict,
  changes,
  DraftConflict,
  decide,
  estimate,
  frames,
  login,
  logout,
  metadata,
  NotAllowed,
  NotFound,
  NotLoggedIn,
  type Progress,
  read,
  rendered,
  report,
  reportAs,
  type Schemas,
  type Sendable,
  saveDraft,
  sign,
  storeInstances,
  waitForStudies,
  worklist,
  worklistPages,
} from '@wetread/client';
import { failure } from '../service.js';

const given = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: scripts/check-client tells what it is for`);
  return value;
};
const baseUrl = given('WETREAD_URL');
const machine = new Client({ baseUrl, token: given('WETREAD_TOKEN') });
const folder = given('WETREAD_FILMS');

async function films(): Promise<Sendable[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm')).sort();
  return Promise.all(names.map(async (name) => ({ name, data: await openAsBlob(join(folder, name)) })));
}

async function person(): Promise<Client> {
  const client = new Client({ baseUrl });
  await login(client, { login: given('WETREAD_LOGIN'), password: given('WETREAD_PASSWORD') });
  return client;
}

test('what is sent is read or told as unread, each with its report; what is no picture is told', async () => {
  const steps: Progress[] = [];
  const states = new Map<string, string[]>();
  const words: Sendable = { name: 'notes é.txt', data: new Blob(['not a picture']) };
  const { arrival, studies } = await read(machine, [...(await films()), words], {
    onProgress: (step) => steps.push(step),
    onStudy: ({ study_id, status }) => states.set(study_id, [...(states.get(study_id) ?? []), status]),
    timeoutS: 120,
  });
  assert.equal(studies.length, 3);
  for (const { study, report: told, reads } of studies.filter((one) => one.study.modalities.includes('DX'))) {
    assert.equal(study.ai, 'read');
    assert.equal(states.get(study.study_id)?.at(-1), 'reported');
    assert.equal(told.status, 'preliminary');
    assert.ok(told.findings.length > 0);
    assert.deepEqual(
      reads.map((one) => one.answered),
      [true],
    );
  }
  const [ct] = studies.filter((one) => one.study.modalities.includes('CT'));
  assert.deepEqual([ct?.study.ai, ct?.report.priority], ['unread', 'UNREAD']);
  assert.match(ct?.report.impression ?? '', /AI did not read this/);
  assert.equal(arrival.problems.length, 1);
  assert.equal(steps.at(-1)?.sentBytes, steps.at(-1)?.totalBytes);
  const again = await waitForStudies(machine, arrival.arrival_id);
  assert.equal(again.studies.length, 3);
});

test('pages and rows of the worklist are the same studies in the same order', async () => {
  const rows: string[] = [];
  for await (const row of worklist(machine, { limit: 1 })) rows.push(row.study_id);
  const pages: string[] = [];
  for await (const page of worklistPages(machine, { limit: 1 })) pages.push(...page.rows.map((row) => row.study_id));
  assert.deepEqual(rows, pages);
  assert.ok(rows.length >= 2);
});

test('an embedded reader costs nothing, and that is known beforehand', async () => {
  for await (const { study_id } of worklist(machine, { status: ['reported'] })) {
    const { usd, readers } = await estimate(machine, study_id);
    assert.equal(usd, 0);
    assert.deepEqual(
      readers.map((one) => one.reader),
      ['embedded'],
    );
    assert.ok((await failure(estimate(machine, study_id, { readers: ['nobody'] }))) instanceof Error);
    break;
  }
});

test('what somebody does is heard by who listens', async () => {
  const client = await person();
  const stop = new AbortController();
  const heard: Change[] = [];
  const { rows } = await machine.get('/api/v1/worklist', { query: { limit: 1 } });
  const study_id = rows[0]?.study_id ?? '';
  const assign = (assignee: string | null) =>
    client.patch('/api/v1/studies/{study_id}', { path: { study_id }, body: { assignee } });
  const late = setTimeout(() => stop.abort(), 60_000);
  const listening = changes(machine, { signal: stop.signal, onOpen: () => void assign('é我') });
  for await (const change of listening) {
    heard.push(change);
    if (change.study_id === study_id) break;
  }
  clearTimeout(late);
  assert.equal(heard.at(-1)?.study_id, study_id);
  assert.match(heard.at(-1)?.kind ?? '', /^study\./);
  assert.equal((await machine.get('/api/v1/studies/{study_id}', { path: { study_id } })).assignee, 'é我');
  await assign(null);
});

test('frames have the bytes that metadata promises, and pictures are drawn', async () => {
  const [film] = await films();
  const sent = await storeInstances(machine, film ? [film] : []);
  assert.deepEqual([sent.stored.length, sent.failed.length], [1, 0]);
  const study = /\/studies\/([0-9.]+)/.exec(sent.stored[0]?.url ?? '')?.[1] ?? '';
  const [object] = await metadata(machine, { study });
  const value = (tag: string): unknown => object?.[tag]?.Value?.[0];
  const at = { study, series: String(value('0020000E')), instance: String(value('00080018')) };
  const [frame] = await frames(machine, at, [1]);
  const bits = Number(value('00280100')) * Number(value('00280002'));
  const expected = (Number(value('00280010')) * Number(value('00280011')) * bits) / 8;
  if (frame?.transfer_syntax?.startsWith('1.2.840.10008.1.2.4') === false) assert.equal(frame.bytes.length, expected);
  const picture = await rendered(machine, at, { viewport: { width: 64, height: 64 } });
  assert.equal(picture.type, 'image/png');
  assert.deepEqual(new Uint8Array(await picture.arrayBuffer()).slice(1, 4), new TextEncoder().encode('PNG'));
  assert.ok((await failure(frames(machine, at, [99]))) instanceof NotFound);
  const none = await storeInstances(machine, [new Blob(['no DICOM'])]);
  assert.deepEqual([none.stored.length, none.failed.length], [0, 1]);
});

test('from decision to signature and addendum; the second writer is shown the first one’s words', async () => {
  const [first, second] = [await person(), await person()];
  let told: Schemas['ReportView'] | undefined;
  for await (const row of worklist(machine, { status: ['reported'] })) {
    told = await report(first, row.study_id);
    if (told.undecided.length > 0) break;
  }
  assert.ok(told && told.undecided.length > 0, 'one of the films has something to decide on');
  const { study_id } = told;
  const early = await failure(sign(first, study_id, { report_id: told.report_id }));
  assert.ok(early instanceof Conflict);
  assert.match(early.message, /not decided on/);
  let left = told.undecided;
  for (const finding_id of told.undecided) left = (await decide(first, finding_id, { decision: 'accept' })).undecided;
  assert.deepEqual(left, []);
  const { revision } = await saveDraft(first, study_id, { text: 'No é.', revision: told.draft.revision });
  const late = await failure(saveDraft(second, study_id, { text: 'Mine.', revision: told.draft.revision }));
  assert.ok(late instanceof DraftConflict);
  assert.deepEqual([late.present.text, late.present.revision, late.mine], ['No é.', revision, 'Mine.']);
  assert.equal((await sign(first, study_id, { report_id: told.report_id })).status, 'final');
  assert.ok((await failure(saveDraft(second, study_id, { text: 'Mine.', revision }))) instanceof Conflict);
  assert.equal((await addAddendum(second, study_id, 'Compared with 2019: new.')).status, 'amended');
  assert.match(await reportAs(first, study_id, 'txt'), /No é\.[\s\S]*Compared with 2019/);
  await Promise.all([logout(first), logout(second)]);
  assert.ok((await failure(first.get('/api/v1/me'))) instanceof NotLoggedIn);
});

test('a token signs nothing, a stranger sees nothing, a wrong id is said', async () => {
  const { rows } = await machine.get('/api/v1/worklist', { query: { limit: 1 } });
  const study_id = rows[0]?.study_id ?? '';
  assert.ok((await failure(sign(machine, study_id, { report_id: 'r' }))) instanceof NotAllowed);
  const stranger = new Client({ baseUrl, token: 'wr_nobody' });
  assert.ok((await failure(stranger.get('/api/v1/worklist'))) instanceof NotLoggedIn);
  assert.ok(
    (await failure(machine.get('/api/v1/studies/{study_id}', { path: { study_id: '0'.repeat(32) } }))) instanceof
      NotFound,
  );
  const weird = await failure(machine.get('/api/v1/studies/{study_id}', { path: { study_id: '../é?' } }));
  assert.ok(weird instanceof BadRequest || weird instanceof NotFound, String(weird));
});
