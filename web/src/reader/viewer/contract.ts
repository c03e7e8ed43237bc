import type { Ref } from 'react';
import type { Schemas } from '../../shared/api';
import type { Shortcut } from '../../shared/keyboard';

/** Something to draw over one frame: a finding's place as a reader, the panel or a human saw it. */
export interface Mark {
  id: string;
  findingId: string;
  label: string;
  /** Whose mark: a reader's name, `consensus`, `human`. Consensus and human are solid, each reader has its dashes. */
  by: string;
  selected: boolean;
  sopInstanceUid: string | null;
  file: string;
  /** From 1. */
  frame: number;
  /** Fractions of the frame: x0, y0, x1, y1. */
  box: readonly [number, number, number, number];
}

/** A heat map of one frame, as a transparent picture of the frame's shape. */
export interface Heat {
  url: string;
  sopInstanceUid: string;
  frame: number;
}

/** Where the active viewport stands. */
export interface Shown {
  studyId: string;
  seriesUid: string | null;
  sopInstanceUid: string | null;
  file: string | null;
  frame: number;
  index: number;
  count: number;
}

/** A box that a human drew, as the API takes it. */
export interface Drawn {
  sop_instance_uid: string;
  frame: number;
  box: [number, number, number, number];
}

export interface ViewerHandle {
  /** Show the series and frame of a mark (in the active viewport) so that its box is in view. */
  jumpTo(mark: Mark): void;
  /** Keys of the viewer: w p z l i r, 1–6, arrows, Home/End, layouts. The page hands them to its Frame. */
  readonly shortcuts: readonly Shortcut[];
}

export interface ViewerProps {
  study: Schemas['StudyView'];
  marks: readonly Mark[];
  heat: readonly Heat[];
  /** One key hides every overlay: marks, heat maps, and the corner texts stay. */
  overlays: boolean;
  heatShown: boolean;
  /** While true the primary button draws one box; then `onDrawn` is called. */
  drawing: boolean;
  onDrawn: (drawn: Drawn) => void;
  onShown: (shown: Shown) => void;
  /** Called once with the viewer's handle, and again when its shortcuts change. */
  handle: Ref<ViewerHandle>;
}
