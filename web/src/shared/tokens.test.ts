import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COLOURS, contrast, PAIRS, URGENCY } from './tokens';

describe('the colours', () => {
  it.each(PAIRS)('%s on %s has at least %f : 1', (front, behind, least) => {
    expect(contrast(front, behind)).toBeGreaterThanOrEqual(least);
  });

  it('agree with the examples of WCAG', () => {
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it('are those of the style sheet', () => {
    const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
    const declared = Object.fromEntries([...css.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
    const wanted = Object.fromEntries([
      ...Object.entries(COLOURS),
      ...Object.entries(URGENCY).flatMap(([name, one]) => [
        [`${name.toLowerCase()}-bg`, one.background],
        [`${name.toLowerCase()}-fg`, one.text],
      ]),
    ]);
    expect(declared).toEqual(wanted);
  });
});
