import { describe, expect, it } from 'vitest';
import { advance, begun, NOTHING, stateWords } from './draft';

const draft = (text: string, revision: number, by = 'rad2') => ({ text, revision, by, at: '2026-01-01T00:00:00Z' });
const mine = { ...NOTHING, text: 'mine', saved: 'old', revision: 3, state: 'waiting' as const };

describe('the draft', () => {
  it('begins with the words of the service', () => {
    expect(begun(draft('theirs', 4), null)).toMatchObject({ text: 'theirs', revision: 4, state: 'saved' });
  });

  it('begins with unsaved words that were kept over the same revision', () => {
    const kept = { by: 'rad', text: 'mine', saved: 'old', revision: 3 };
    expect(begun(draft('old', 3), kept)).toMatchObject({ text: 'mine', state: 'waiting', revision: 3 });
  });

  it('offers both texts where somebody saved over what the kept words were written on', () => {
    const kept = { by: 'rad', text: 'mine', saved: 'old', revision: 3 };
    expect(begun(draft('theirs', 4), kept)).toMatchObject({
      text: 'mine',
      state: 'conflict',
      theirs: { text: 'theirs' },
    });
  });

  it('has no conflict where the kept words arrived after all', () => {
    const kept = { by: 'rad', text: 'mine', saved: 'old', revision: 3 };
    expect(begun(draft('mine', 4), kept)).toMatchObject({ text: 'mine', state: 'saved', revision: 4 });
  });

  it('takes newer words over where nothing was typed', () => {
    const calm = { ...NOTHING, text: 'old', saved: 'old', revision: 3 };
    expect(advance(calm, { kind: 'told', draft: draft('new', 4) })).toMatchObject({ text: 'new', state: 'saved' });
  });

  it('never replaces unsaved words by newer ones of somebody else', () => {
    const now = advance(mine, { kind: 'told', draft: draft('theirs', 4) });
    expect(now).toMatchObject({ text: 'mine', state: 'conflict' });
    expect(stateWords(now)).toBe('Not saved: rad2 changed the draft meanwhile');
  });

  it('does not heed an answer that is older than what it has', () => {
    const calm = { ...NOTHING, text: 'new', saved: 'new', revision: 4 };
    expect(advance(calm, { kind: 'told', draft: draft('', 0) })).toBe(calm);
  });

  it('goes on waiting where something was typed while it was saved', () => {
    const saving = advance(mine, { kind: 'sent' });
    const typed = advance(saving, { kind: 'typed', text: 'mine and more' });
    expect(advance(typed, { kind: 'stored', draft: draft('mine', 4) })).toMatchObject({
      text: 'mine and more',
      saved: 'mine',
      revision: 4,
      state: 'waiting',
    });
  });

  it('writes a chosen text over the words of the other', () => {
    const conflict = advance(mine, { kind: 'conflicted', theirs: draft('theirs', 4) });
    const joined = advance(conflict, { kind: 'resolved', text: 'both' });
    expect(joined).toMatchObject({ text: 'both', saved: 'theirs', revision: 4, state: 'waiting' });
    expect(advance(conflict, { kind: 'resolved', text: 'theirs' })).toMatchObject({ state: 'saved', revision: 4 });
  });

  it('keeps a conflict while one goes on typing', () => {
    const conflict = advance(mine, { kind: 'conflicted', theirs: draft('theirs', 4) });
    expect(advance(conflict, { kind: 'typed', text: 'mine still' })).toMatchObject({
      text: 'mine still',
      state: 'conflict',
    });
  });

  it('keeps unsaved words when somebody else signs, and forgets saved ones', () => {
    expect(advance(mine, { kind: 'signed' })).toMatchObject({ text: 'mine' });
    expect(advance({ ...mine, saved: 'mine' }, { kind: 'signed' })).toEqual(NOTHING);
  });
});
