import { describe, expect, it } from 'vitest';
import type { Schemas } from '../shared/api';
import { pictureOf, places } from './boxes';

const seen = (sop: string | null, frame: number, file = 'a.png'): Schemas['Evidence'] => ({
  box: [0.1, 0.2, 0.3, 0.4],
  file,
  frame,
  origin: 'vlm',
  sop_instance_uid: sop,
});
const read = (name: string, answered: boolean, ...evidence: Schemas['Evidence'][]): Schemas['ReadView'] => ({
  read_id: name,
  version: 1,
  reader: { name, version: '1', fingerprint: 'f' },
  answered,
  read: {
    reader: { name, version: '1', fingerprint: 'f' },
    findings: [{ code: 'wr:a', presence: 'present', evidence }],
  },
  abstention: null,
  cost_usd: null,
  latency_s: null,
  at: '2026-11-01T00:00:00Z',
  heatmaps: [],
});

describe('boxes', () => {
  it('lie on their own instance and frame only', () => {
    const made = places([read('one', true, seen('1.2', 1), seen('1.2', 2)), read('two', true, seen('1.2', 1))]);
    expect(made.map((place) => [place.key, place.boxes.map((box) => box.reader)])).toEqual([
      ['1.2#1', ['one', 'two']],
      ['1.2#2', ['one']],
    ]);
  });

  it('of a reader that did not answer are not drawn', () => {
    expect(places([read('one', false, seen('1.2', 1))])).toEqual([]);
  });

  it('find their picture by UID, or by file where it is no DICOM object', () => {
    const pictures = [
      { sop_instance_uid: '1.2', file: 'a.png' },
      { sop_instance_uid: null, file: 'a.png' },
    ];
    const [dicom, bare] = [places([read('one', true, seen('1.2', 1))]), places([read('one', true, seen(null, 1))])];
    expect(dicom[0] && pictureOf(dicom[0], pictures)).toBe(pictures[0]);
    expect(bare[0] && pictureOf(bare[0], pictures)).toBe(pictures[1]);
    expect(dicom[0] && pictureOf(dicom[0], [])).toBeNull();
  });
});
