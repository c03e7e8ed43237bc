import type { RenderingEngine } from '@cornerstonejs/core';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Corners, greyWords, warnings } from './Corners';
import type { Drawn, Heat, Mark } from './contract';
import type { Lane } from './lane';
import { type Length, liesOn, Overlay } from './Overlay';
import { type Draft, type Tool, usePointer } from './pointer';
import type { Scene } from './scene';
import type { Study } from './series';
import type { Stage } from './stage';

const SAID_AFTER_MS = 700;

export interface CellProps {
  stage: Stage;
  engine: RenderingEngine;
  lane: Lane;
  /** From 1: "Viewport 2". */
  number: number;
  study: Study;
  /** How old a prior is; null: this is the study that is read. */
  prior: string | null;
  active: boolean;
  onActive: () => void;
  tool: Tool;
  drawing: boolean;
  onDrawn: (drawn: Drawn) => void;
  lengths: readonly Length[];
  onLength: (length: Omit<Length, 'id'>) => void;
  marks: readonly Mark[];
  readers: readonly string[];
  heat: readonly Heat[];
}

/** One viewport: the canvas, what lies over it, and in words what a picture can't say. */
export function Cell(props: CellProps) {
  const { stage, study, prior, active, number } = props;
  const scene = useSyncExternalStore(stage.subscribe, stage.scene);
  const canvas = useCanvas(props);
  const done = (draft: Draft): void => finish(draft, scene, props);
  const { draft, cancel, handlers } = usePointer(stage, props.tool, props.drawing, done);
  useEscape(draft !== null, cancel);
  const marks = scene.picture
    ? props.marks.filter((one) => scene.picture && liesOn(one, scene.picture, study.study_id))
    : [];
  const heat = props.heat.filter(
    (one) => one.sopInstanceUid === scene.picture?.sopInstanceUid && one.frame === scene.picture.frame,
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would group form fields; this groups a picture with its words
    <div
      className="viewer-cell"
      role="group"
      data-active={active}
      data-prior={prior !== null}
      data-state={scene.state}
      data-tool={props.drawing ? 'box' : props.tool}
      aria-label={`Viewport ${number}${prior ? `, prior, ${prior}` : ''}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys act on the viewport that has the focus
      tabIndex={0}
      onFocus={props.onActive}
      onPointerDownCapture={props.onActive}
      onContextMenu={(event) => event.preventDefault()}
    >
      <div className="viewer-canvas" ref={canvas} role="img" aria-label={pictureWords(scene)} />
      <Overlay
        scene={scene}
        marks={marks}
        readers={props.readers}
        heat={heat}
        lengths={ownLengths(props, scene)}
        draft={draft}
      />
      <Corners scene={scene} study={study} prior={prior} />
      <div className="viewer-hand" data-testid="hand" {...handlers} />
      <Words scene={scene} />
      {active && <Said words={stateWords(scene)} />}
    </div>
  );
}

function ownLengths({ lengths }: CellProps, scene: Scene): Length[] {
  return lengths.filter((one) => one.picture === scene.picture?.id);
}

/** Cornerstone's element for as long as the cell is there; a change of size is drawn anew. */
function useCanvas({ stage, engine, lane, number }: CellProps) {
  const canvas = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    stage.mount(engine, lane, `cell-${number}`, element);
    const watch = new ResizeObserver(() => stage.resize());
    watch.observe(element);
    return () => {
      watch.disconnect();
      stage.unmount();
    };
  }, [stage, engine, lane, number]);
  return canvas;
}

function useEscape(active: boolean, cancel: () => void): void {
  const now = useRef(cancel);
  now.current = cancel;
  useEffect(() => {
    if (!active) return;
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      now.current();
    };
    window.addEventListener('keydown', pressed, { capture: true });
    return () => window.removeEventListener('keydown', pressed, { capture: true });
  }, [active]);
}

function finish(draft: Draft, { picture }: Scene, props: CellProps): void {
  if (!picture) return;
  if (draft.kind === 'length') {
    props.onLength({ picture: picture.id, from: draft.from, to: draft.to });
    return;
  }
  if (picture.sopInstanceUid === null || props.prior !== null) return; // a box belongs to an object of this study
  const part = (value: number, whole: number): number => Math.min(1, Math.max(0, value / whole));
  const xs = [part(draft.from[0], picture.columns), part(draft.to[0], picture.columns)].sort((a, b) => a - b);
  const ys = [part(draft.from[1], picture.rows), part(draft.to[1], picture.rows)].sort((a, b) => a - b);
  const box: Drawn['box'] = [xs[0] ?? 0, ys[0] ?? 0, xs[1] ?? 1, ys[1] ?? 1];
  props.onDrawn({ sop_instance_uid: picture.sopInstanceUid, frame: picture.frame, box });
}

function Words({ scene }: { scene: Scene }) {
  if (scene.state === 'loading') return <p className="viewer-notice">Loading…</p>;
  if (scene.state === 'empty') return <p className="viewer-notice">No series here. Choose one on the left.</p>;
  if (scene.state !== 'broken') return null;
  return (
    <div className="viewer-notice" role="alert">
      <strong>This picture can't be shown.</strong>
      <span>{scene.problem}</span>
      <span>It is not empty: nobody has seen it here.</span>
    </div>
  );
}

/** What is shown, said to those who don't see it, once the hand rests. */
function Said({ words }: { words: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSaid(words), SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <p className="unseen" role="status">
      {said}
    </p>
  );
}

function pictureWords({ picture, pictures, index }: Scene): string {
  return picture ? `${picture.modality ?? 'Picture'}, image ${index + 1} of ${pictures.length}` : 'no picture';
}

function stateWords(scene: Scene): string {
  if (scene.state === 'broken') return 'This picture can not be shown';
  if (!scene.picture) return '';
  return [pictureWords(scene), greyWords(scene), ...warnings(scene)].filter(Boolean).join(', ');
}
