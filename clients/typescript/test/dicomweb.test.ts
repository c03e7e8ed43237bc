import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conflict, frames, metadata, NotUnderstood, rendered, storeInstances } from '@wetread/client';
import { failure, refuse, service, tell } from './service.js';

const at = { study: '1.2', series: '1.2.3', instance: '1.2.3.4' };
const JSON_TYPE = { 'content-type': 'application/dicom+json' };

/** A body as the service writes it, with pixels that hold the boundary itself. */
function multipart(frame: Buffer): Buffer {
  const head = `\r\n--b\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\nContent-Length: ${frame.length}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(head),
    frame,
    Buffer.from(head),
    Buffer.from(frame).reverse(),
    Buffer.from('\r\n--b--\r\n'),
  ]);
}

test('frames come with their bytes as they are, whatever these look like', async (t) => {
  const pixels = Buffer.from('\r\n--b--\r\n\r\n\0\xff--b\r\n', 'latin1');
  const { client, seen } = await service(t, (_, answer) =>
    answer
      .writeHead(200, { 'content-type': 'multipart/related; type="application/octet-stream"; boundary=b' })
      .end(multipart(pixels)),
  );
  const [first, second] = await frames(client, at, [1, 2]);
  assert.deepEqual(Buffer.from(first?.bytes ?? []), pixels);
  assert.deepEqual(Buffer.from(second?.bytes ?? []), Buffer.from(pixels).reverse());
  assert.equal(first?.transfer_syntax, '1.2.840.10008.1.2.1');
  assert.equal(first?.media_type, 'application/octet-stream');
  assert.equal(seen[0]?.url, '/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.4/frames/1,2');
});

test('frames that break off are none', async (t) => {
  const { client } = await service(t, (_, answer) =>
    answer
      .writeHead(200, { 'content-type': 'multipart/related; boundary="b"' })
      .end(multipart(Buffer.from('abc')).subarray(0, -20)),
  );
  assert.ok((await failure(frames(client, at, [1]))) instanceof NotUnderstood);
});

test('objects that were not taken are told, also where none was', async (t) => {
  const failed = {
    '00081198': {
      vr: 'SQ',
      Value: [{ '00081155': { vr: 'UI', Value: ['1.9'] }, '00081197': { vr: 'US', Value: [0xa900] } }],
    },
  };
  const stored = {
    '00081199': {
      vr: 'SQ',
      Value: [{ '00081155': { vr: 'UI', Value: ['1.8'] }, '00081190': { vr: 'UR', Value: ['http://x'] } }],
    },
  };
  let status = 202;
  const { client, seen } = await service(t, (_, answer) => {
    if (status === 400) return refuse(answer, 409, 'not of STOW');
    tell(answer, status === 202 ? { ...failed, ...stored } : failed, status, JSON_TYPE);
  });
  assert.deepEqual(await storeInstances(client, [new Blob(['x'])], { study: '1.2' }), {
    stored: [{ sop_instance_uid: '1.8', url: 'http://x' }],
    failed: [{ sop_instance_uid: '1.9', reason: 'A900' }],
  });
  assert.equal(seen[0]?.url, '/dicom-web/studies/1.2');
  assert.match(seen[0]?.headers['content-type'] ?? '', /^multipart\/related; type="application\/dicom"; boundary=/);
  status = 409;
  assert.deepEqual((await storeInstances(client, [new Blob(['x'])])).stored, []);
  status = 400;
  assert.ok((await failure(storeInstances(client, [new Blob(['x'])]))) instanceof Conflict);
});

test('a picture is drawn as asked', async (t) => {
  const { client, seen } = await service(t, (_, answer) =>
    answer.writeHead(200, { 'content-type': 'image/png' }).end('png'),
  );
  const picture = await rendered(client, at, {
    frame: 2,
    window: { center: 40, width: 400 },
    viewport: { width: 256, height: 256 },
  });
  assert.equal(await picture.text(), 'png');
  assert.equal(picture.type, 'image/png');
  assert.match(
    seen[0]?.url ?? '',
    /instances\/1\.2\.3\.4\/frames\/2\/rendered\?window=40%2C400%2Clinear&viewport=256%2C256$/,
  );
});

test('metadata of a series is DICOM JSON', async (t) => {
  const { client, asked } = await service(t, (_, answer) =>
    tell(answer, [{ '00080060': { vr: 'CS', Value: ['CT'] } }], 200, JSON_TYPE),
  );
  const [one] = await metadata(client, { study: '1.2', series: '1.2.3' });
  assert.equal(one?.['00080060']?.Value?.[0], 'CT');
  assert.deepEqual(asked(), ['GET /dicom-web/studies/1.2/series/1.2.3/metadata']);
});
