import { describe, expect, it } from 'vitest';
import { listLength, pagesFor, slid } from './reach';

const page = (rows: number, total: number, at: number, atLeast = false) => ({
  rows: { length: rows },
  total,
  at,
  atLeast,
});

describe('the pages near the window', () => {
  it('are those of its rows and of some around', () => {
    expect(pagesFor(0, 30)).toEqual([0]);
    expect(pagesFor(30, 70)).toEqual([0, 1]);
    expect(pagesFor(99_970, 99_999)).toEqual([999, 1000]);
  });
});

describe('the length of the list', () => {
  it('is not known before anybody said it', () => expect(listLength(new Map()).length).toBeNull());

  it('is what was said last', () => {
    const known = new Map([
      [0, page(100, 250, 5)],
      [1, page(100, 251, 9)],
    ]);
    expect(listLength(known)).toEqual({ length: 251, total: 251, atLeast: false });
  });

  it('grows while one scrolls, until its end is seen', () => {
    const known = new Map([[0, page(100, 2000, 1, true)]]);
    expect(listLength(known)).toEqual({ length: 2000, total: 2000, atLeast: true });
    known.set(19, page(100, 2000, 2, true));
    expect(listLength(known).length).toBe(2100);
    known.set(20, page(40, 2000, 3, true));
    expect(listLength(known)).toEqual({ length: 2040, total: 2040, atLeast: false });
    known.set(20, page(100, 2000, 4, true)).set(21, page(0, 2000, 5, true));
    expect(listLength(known).length).toBe(2100);
  });
});

describe('how far the list slid', () => {
  const view = new Map([
    ['a', 50],
    ['b', 51],
    ['c', 52],
  ]);

  it('is what most rows in view moved by', () => {
    const now = new Map([
      ['a', 0],
      ['b', 52],
      ['c', 53],
    ]);
    expect(slid(view, now)).toBe(1);
  });

  it('is nothing where nothing in view is known any more', () => expect(slid(view, new Map([['z', 3]]))).toBe(0));
});
