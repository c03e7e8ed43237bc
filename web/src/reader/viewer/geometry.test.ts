import { describe, expect, it } from 'vitest';
import {
  affineOf,
  apply,
  FITTED,
  inverse,
  lengthWords,
  letters,
  mirrored,
  type Point,
  turned,
  type View,
  zoomed,
} from './geometry';

const SHAPE = { columns: 100, rows: 60, aspect: [1, 2] as Point };
const CANVAS = { width: 800, height: 500 };

describe('the view of an image', () => {
  it('fits the whole image, oblong pixels and quarter turns included', () => {
    for (const view of [FITTED, turned(FITTED, 90), mirrored(turned(FITTED, -90))]) {
      const corners = [
        [0, 0],
        [100, 0],
        [0, 60],
        [100, 60],
      ].map((one) => apply(affineOf(view, SHAPE, CANVAS), one as unknown as Point));
      for (const [x, y] of corners) {
        expect(x).toBeGreaterThanOrEqual(-1e-6);
        expect(x).toBeLessThanOrEqual(800 + 1e-6);
        expect(y).toBeGreaterThanOrEqual(-1e-6);
        expect(y).toBeLessThanOrEqual(500 + 1e-6);
      }
    }
  });

  it('comes back from the canvas to the pixel it came from', () => {
    const view: View = { scale: 3.3, pan: [17, -40], rotation: 270, flipped: true };
    const there = affineOf(view, SHAPE, CANVAS);
    const [x, y] = apply(inverse(there), apply(there, [12.5, 40]));
    expect(x).toBeCloseTo(12.5);
    expect(y).toBeCloseTo(40);
  });

  it('is zoomed about a point that stays', () => {
    const at: Point = [100, 420];
    const pixel = apply(inverse(affineOf(FITTED, SHAPE, CANVAS)), at);
    const after = zoomed(FITTED, SHAPE, CANVAS, 2.5, at);
    const [x, y] = apply(affineOf(after, SHAPE, CANVAS), pixel);
    expect([x, y].map(Math.round)).toEqual(at);
  });

  it('is as before after four turns and two flips', () => {
    let view: View = { ...FITTED, pan: [5, 9] };
    for (let turn = 0; turn < 4; turn++) view = turned(view, 90);
    expect(mirrored(mirrored(view))).toEqual({ ...FITTED, pan: [5, 9] });
  });
});

describe('orientation letters', () => {
  it('name the sides of an axial slice, and of it turned and flipped', () => {
    const axial = [1, 0, 0, 0, 1, 0];
    const of = (view: View) => letters(axial, [], affineOf(view, SHAPE, CANVAS));
    expect(of(FITTED)).toEqual({ right: 'L', left: 'R', bottom: 'P', top: 'A' });
    expect(of(mirrored(FITTED))).toEqual({ right: 'R', left: 'L', bottom: 'P', top: 'A' });
    expect(of(turned(FITTED, 90))).toEqual({ right: 'A', left: 'P', bottom: 'L', top: 'R' });
  });

  it('follow Patient Orientation where there are no cosines', () => {
    expect(letters(null, ['L', 'F'], affineOf(FITTED, SHAPE, CANVAS))).toEqual({
      right: 'L',
      left: 'R',
      bottom: 'F',
      top: 'H',
    });
    expect(letters(null, [], affineOf(FITTED, SHAPE, CANVAS))).toBeNull();
  });
});

describe('a length', () => {
  it('counts rows and columns by their own spacing', () => {
    expect(lengthWords([0, 0], [30, 40], [0.5, 2])).toBe('63.2 mm');
    expect(lengthWords([0, 0], [30, 40], null)).toBe('50.0 px');
  });
});
