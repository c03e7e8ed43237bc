import { describe, expect, it } from 'vitest';
import type { Header } from './dicom';
import { beside, cellsOf, nextLayout } from './layout';
import { j2kSays, onePart } from './parts';
import { depthOf, inOrder, picturesOf } from './picture';

const ORIGIN = { studyId: 'a', studyUid: '1.2', seriesUid: '1.3' };
const header = (number: number | null, z: number, more: Header = {}): Header => ({
  '00080018': { Value: [`1.4.${number ?? 0}.${z + 1000}`] },
  '00200013': number === null ? {} : { Value: [number] },
  '00200037': { Value: [1, 0, 0, 0, 1, 0] },
  '00200032': { Value: [0, 0, z] },
  '00200052': { Value: ['1.9'] },
  '00280010': { Value: [4] },
  '00280011': { Value: [4] },
  ...more,
});
const of = (...headers: Header[]) => inOrder(headers.map((one) => picturesOf(one, ORIGIN)));

describe('the pictures of a series', () => {
  it('stand by their number, and along the patient where there is none', () => {
    expect(of(header(2, 0), header(1, 9)).map((one) => one.number)).toEqual([1, 2]);
    expect(of(header(null, 9), header(null, -3)).map(depthOf)).toEqual([-3, 9]);
  });

  it('are the frames of an object in their own order, and none of what holds no image', () => {
    expect(of(header(1, 0, { '00280008': { Value: [3] } })).map((one) => one.frame)).toEqual([1, 2, 3]);
    expect(picturesOf({ '00080018': { Value: ['1.5'] } }, ORIGIN)).toEqual([]);
  });

  it('are uncalibrated without a spacing that can be', () => {
    expect(picturesOf(header(1, 0, { '00280030': { Value: [0, 0] } }), ORIGIN)[0]?.spacing).toBeNull();
    expect(picturesOf(header(1, 0, { '00181164': { Value: [0.2, 0.2] } }), ORIGIN)[0]).toMatchObject({
      spacing: [0.2, 0.2],
      atDetector: true,
    });
  });

  it('say how much was lost', () => {
    const lossy: Header = { '00282110': { Value: ['01'] }, '00282112': { Value: [10] } };
    expect(picturesOf(header(1, 0, lossy), ORIGIN)[0]?.lossy).toBe('lossy 10:1');
  });
});

describe('viewports', () => {
  it('follow by position in one space, by index otherwise', () => {
    const thin = of(...Array.from({ length: 10 }, (_, at) => header(at + 1, at)));
    const thick = of(...Array.from({ length: 3 }, (_, at) => header(at + 1, at * 4)));
    const [, , , , , , , , ninth] = thin;
    expect(ninth && beside(ninth, 8, thick)).toBe(2);
    const elsewhere = of(...[0, 1, 2].map((at) => header(at + 1, at * 4, { '00200052': { Value: ['1.8'] } })));
    expect(ninth && beside(ninth, 8, elsewhere)).toBe(2);
    expect(thin[1] && beside(thin[1], 1, elsewhere)).toBe(1);
  });

  it('come in grids of one to four', () => {
    expect(['1×1', '1×2', '2×1', '2×2'].map((one) => cellsOf(one as '1×1'))).toEqual([1, 2, 2, 4]);
    expect(nextLayout('2×2')).toBe('1×1');
  });
});

describe('a frame on its way', () => {
  it('is cut out of its part with its transfer syntax, whatever bytes it holds', () => {
    const text = (words: string) => new TextEncoder().encode(words);
    const pixels = Uint8Array.from([13, 10, 45, 45, 120, 0, 255, 13, 10]);
    const head = '--b1\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.90\r\n\r\n';
    const body = Uint8Array.from([...text(head), ...pixels, ...text('\r\n--b1--')]);
    const told = onePart(body, 'multipart/related; boundary=b1');
    expect(told.syntax).toBe('1.2.840.10008.1.2.4.90');
    expect([...told.bytes]).toEqual([...pixels]);
  });

  it('says by its codestream how deep it is and whether it is signed', () => {
    const stream = new Uint8Array(60);
    stream.set([0xff, 0x4f, 0xff, 0x51]);
    stream[42] = 128 + 12;
    expect(j2kSays(stream)).toEqual({ signed: true, bits: 13 });
    expect(j2kSays(new Uint8Array(60))).toBeNull();
  });
});
