import { depthOf, type Picture, parallel } from './picture';

/** Rows × columns of viewports. */
export const LAYOUTS = ['1×1', '1×2', '2×1', '2×2'] as const;
export type Layout = (typeof LAYOUTS)[number];

export function cellsOf(layout: Layout): number {
  return Number(layout[0]) * Number(layout[2]);
}

export function nextLayout(layout: Layout): Layout {
  return LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length] ?? '1×1';
}

/** The picture that stands beside another one: at its depth where both lie in one space, else of its index. */
export function beside(picture: Picture, index: number, others: readonly Picture[]): number {
  const depth = depthOf(picture);
  const [first] = others;
  if (depth === null || !first || !parallel(picture, first)) return Math.min(index, others.length - 1);
  const away = others.map((other) => Math.abs((depthOf(other) ?? Number.POSITIVE_INFINITY) - depth));
  return away.indexOf(Math.min(...away));
}
