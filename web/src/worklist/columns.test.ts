import { describe, expect, it } from 'vitest';
import { ACTIONS_PX, COLUMNS, fitting, wantedColumns } from './columns';

const ids = (width: number, kept: unknown = null): string[] => fitting(wantedColumns(kept), width).map((one) => one.id);

describe('the columns', () => {
  it('all stand in a wide window', () => expect(ids(1900)).toHaveLength(COLUMNS.length));

  it('fold one after the other, and what says how soon never', () => {
    const widths = [1900, 1605, 1265, 1000, 700].map((width) => ids(width));
    for (const shown of widths) expect(shown).toEqual(expect.arrayContaining(['urgency', 'due', 'patient', 'status']));
    for (const [at, shown] of widths.entries()) if (at) expect(widths[at - 1]).toEqual(expect.arrayContaining(shown));
  });

  it('fit at 1280 pixels', () => {
    const shown = fitting(wantedColumns(null), 1265);
    expect(shown.reduce((sum, one) => sum + one.width, ACTIONS_PX)).toBeLessThanOrEqual(1265);
    expect(shown.map((one) => one.id)).toContain('finding');
  });

  it('are those a person wants, in the order of the list', () => {
    expect(ids(1900, ['images', 'modality', 'no such'])).toEqual([
      'urgency',
      'due',
      'patient',
      'modality',
      'finding',
      'images',
      'status',
    ]);
  });
});
