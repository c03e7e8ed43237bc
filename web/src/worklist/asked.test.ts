import { describe, expect, it } from 'vitest';
import { EVERYTHING, isNarrowed, queryOf, readAsked, writeAsked } from './asked';

describe('what is asked for', () => {
  it('comes back from its own address', () => {
    const asked = {
      tab: 'my',
      urgency: 'P2',
      modality: 'CT',
      source: 'ER & ICU',
      ai: 'failed',
      disputed: true,
      overdue: true,
      sort: 'study_date',
    } as const;
    expect(readAsked(writeAsked(asked))).toEqual(asked);
  });

  it('is everything where the address is bare, and the bare address then', () => {
    expect(readAsked('')).toEqual(EVERYTHING);
    expect(writeAsked(EVERYTHING)).toBe('');
  });

  it('is not led astray by an address somebody made up', () => {
    expect(readAsked('?list=all&urgency=P9&modality=%3Cscript%3E&ai=good&order=up')).toEqual(EVERYTHING);
  });

  it('is the last signature first among what is signed', () => {
    expect(queryOf(readAsked('?list=signed&overdue=yes'), '', 'rad')).toEqual({ open: false, sort: 'signed_at' });
  });

  it('keeps the words that are searched for out of the address', () => {
    expect(queryOf(EVERYTHING, ' Doe ', 'rad')).toMatchObject({ text: 'Doe', open: true });
    expect(isNarrowed(EVERYTHING, 'Doe')).toBe(true);
    expect(isNarrowed({ ...EVERYTHING, tab: 'my', sort: 'study_date' }, '')).toBe(false);
  });
});
