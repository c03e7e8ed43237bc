import { describe, expect, it } from 'vitest';
import type { FindingView, ReadView } from './asked';
import { heatOf, marksOf, withHeat } from './marks';

const place = (x: number, origin = 'vlm') => ({
  file: 'a.dcm',
  sop_instance_uid: '1.2',
  frame: 1,
  box: [x, 0, x + 0.1, 0.2] as [number, number, number, number],
  origin,
});
const view = {
  finding_id: 'r.0',
  label: 'nodule',
  finding: { code: 'wr:nodule', presence: 'present', evidence: [place(0.1)] },
  places: [],
  decision: null,
} as unknown as FindingView;
const read = (name: string, x: number, origin = 'vlm') =>
  ({
    read_id: `id-${name}`,
    reader: { name },
    heatmaps: origin === 'cam' ? ['1.2'] : [],
    read: { findings: [{ code: 'wr:nodule', presence: 'present', evidence: [place(x, origin)] }] },
  }) as unknown as ReadView;

describe('marks', () => {
  it('are the panel’s and each reader’s own, none twice', () => {
    const marks = marksOf([view], [read('one', 0.1), read('two', 0.5)], 'r.0');
    expect(marks.map((mark) => [mark.by, mark.box[0], mark.selected])).toEqual([
      ['consensus', 0.1, true],
      ['two', 0.5, true],
    ]);
  });

  it('are gone with a rejection, and only the human’s after an edit', () => {
    const rejected = { ...view, decision: { decision: 'reject', by: 'rad', at: '', told: null } } as FindingView;
    expect(marksOf([rejected], [], null)).toEqual([]);
    const told = { ...view.finding, evidence: [place(0.7, 'human')] };
    const edited = { ...view, decision: { decision: 'edit', by: 'rad', at: '', told } } as FindingView;
    expect(marksOf([edited], [read('two', 0.5)], null).map((mark) => mark.by)).toEqual(['human']);
  });

  it('are not drawn for what is not there', () => {
    const absent = { ...view, finding: { ...view.finding, presence: 'absent' } } as FindingView;
    expect(marksOf([absent], [read('one', 0.1)], null)).toEqual([]);
  });
});

describe('heat maps', () => {
  it('are those of the chosen reader, one a frame', () => {
    const reads = [read('one', 0.1), read('cam', 0.2, 'cam')];
    expect(withHeat(reads)).toEqual(['cam']);
    expect(heatOf(reads, 'cam')).toEqual([
      { url: '/api/v1/reads/id-cam/heatmap/1.2.png?frame=1', sopInstanceUid: '1.2', frame: 1 },
    ]);
    expect(heatOf(reads, null)).toEqual([]);
  });
});
