import { type Affine, FITTED, type Size, type View } from './geometry';
import type { Loaded } from './loader';
import type { Picture } from './picture';
import type { Window } from './tone';

/** What a viewport shows at this moment. Every text in it is said from here, nothing is asked back of Cornerstone. */
export interface Scene {
  pictures: readonly Picture[];
  index: number;
  /** The picture on the canvas; the one before while another loads. */
  picture: Picture | null;
  loaded: Loaded | null;
  state: 'empty' | 'loading' | 'shown' | 'broken';
  problem: string | null;
  /** The window on the canvas; null for colour. */
  window: Window | null;
  turned: boolean;
  view: View;
  size: Size;
  affine: Affine | null;
  playing: boolean;
}

export const EMPTY: Scene = {
  pictures: [],
  index: 0,
  picture: null,
  loaded: null,
  state: 'empty',
  problem: null,
  window: null,
  turned: false,
  view: FITTED,
  size: { width: 1, height: 1 },
  affine: null,
  playing: false,
};
