import { describe, expect, it } from 'vitest';
import type { Header } from './dicom';
import { limits, percentileWindow, shadeOf, type Tone, toneOf, windowWords } from './tone';

const CT: Header = {
  '00280002': { Value: [1] },
  '00280004': { Value: ['MONOCHROME2'] },
  '00280100': { Value: [16] },
  '00280101': { Value: [12] },
  '00281050': { Value: [40, 300] },
  '00281051': { Value: [400, 1500] },
  '00281052': { Value: [-1024] },
  '00281053': { Value: [1] },
};
const PLAIN: Tone = {
  slope: 1,
  intercept: 0,
  windows: [],
  inverted: false,
  padding: null,
  bits: 12,
  hounsfield: false,
};
const window = (center: number, width: number, exact = false) => ({ center, width, exact, name: null });

describe('the tone of a frame', () => {
  it('takes window, rescale and unit from the header', () => {
    const tone = toneOf(CT, 1, 'CT');
    expect(tone).toMatchObject({ slope: 1, intercept: -1024, hounsfield: true, inverted: false });
    expect(tone?.windows.map((one) => [one.center, one.width])).toEqual([
      [40, 400],
      [300, 1500],
    ]);
  });

  it('takes a functional group before the object, the own before the shared one', () => {
    const voi = (center: number) => ({
      '00289132': { Value: [{ '00281050': { Value: [center] }, '00281051': { Value: [10] } }] },
    });
    const header = { ...CT, '52009229': { Value: [voi(1)] }, '52009230': { Value: [voi(2), {}] } };
    expect(toneOf(header, 1, 'CT')?.windows[0]?.center).toBe(2);
    expect(toneOf(header, 2, 'CT')?.windows[0]?.center).toBe(1);
  });

  it('leaves colour, palettes, tables, sigmoids and long words to the service', () => {
    const others: Header[] = [
      { '00280004': { Value: ['RGB'] } },
      { '00280004': { Value: ['PALETTE COLOR'] } },
      { '00283010': { Value: [{}] } },
      { '00281056': { Value: ['SIGMOID'] } },
      { '00280100': { Value: [32] } },
    ];
    for (const other of others) expect(toneOf({ ...CT, ...other }, 1, 'CT')).toBeNull();
  });

  it('ignores windows that can not be', () => {
    expect(toneOf({ ...CT, '00281051': { Value: [0, 1500] } }, 1, 'CT')?.windows).toHaveLength(1);
  });
});

describe('a window', () => {
  it('is black and white where PS3.3 C.11.2.1.2 says', () => {
    expect(limits(window(2048, 4096))).toEqual([0, 4095]);
    expect(limits(window(0, 100, true))).toEqual([-50, 50]);
  });

  it('is turned into stored values, and round by a falling slope, MONOCHROME1 and inversion', () => {
    const tone = { ...PLAIN, slope: 2, intercept: -10 };
    expect(shadeOf(window(0, 100, true), tone, false)).toEqual({ lower: -20, upper: 30, inverted: false });
    expect(shadeOf(window(0, 100, true), { ...tone, slope: -2 }, false).inverted).toBe(true);
    expect(shadeOf(window(0, 100), { ...tone, inverted: true }, false).inverted).toBe(true);
    expect(shadeOf(window(0, 100), { ...tone, inverted: true }, true).inverted).toBe(false);
  });

  it('of width 1 is a step and no division by zero', () => {
    const { lower, upper } = shadeOf(window(10, 1), PLAIN, false);
    expect(upper).toBeGreaterThan(lower);
  });

  it('is said without being off by one', () => {
    expect(windowWords(window(40, 400))).toBe('W 400 L 40');
    expect(windowWords(window(-600, 1500))).toBe('W 1500 L -600');
    expect(windowWords(window(0.05, 0.2, true))).toBe('W 0.2 L 0.05');
  });

  it('for silent pixels spans their percentiles without padding', () => {
    const pixels = Int16Array.from({ length: 10_000 }, (_, at) => (at < 5000 ? -2000 : at - 5000));
    const found = percentileWindow(pixels, 100, 100, { ...PLAIN, padding: [-2000, -2000] });
    expect(found.center - found.width / 2).toBeCloseTo(0.005 * 4999, 0);
    expect(found.center + found.width / 2).toBeCloseTo(0.995 * 4999, 0);
  });
});
