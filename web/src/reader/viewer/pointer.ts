import { type PointerEvent, useRef, useState, type WheelEvent } from 'react';
import type { Point } from './geometry';
import type { Stage } from './stage';

export type Tool = 'window' | 'pan' | 'zoom' | 'length';
/** A line or box that is being drawn, in image pixels. */
export interface Draft {
  kind: 'length' | 'box';
  from: Point;
  to: Point;
}
type Act = Tool | 'box';

const ZOOM_PER_PX = 1.005;
const WHEEL_STEP = 60;
const LEAST_PX = 3;

/** What a pointer does on a viewport: the tool by the first button, pan by the middle, zoom by the right, wheel scrolls. */
export function usePointer(stage: Stage, tool: Tool, drawing: boolean, onDone: (draft: Draft) => void) {
  const held = useRef<{ act: Act; at: Point; start: Point; id: number } | null>(null);
  const rolled = useRef(0);
  const [draft, setDraft] = useState<Draft | null>(null);

  const cancel = (): void => {
    held.current = null;
    setDraft(null);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    const acts: readonly Act[] = [drawing ? 'box' : tool, 'pan', 'zoom'];
    const act = acts[event.button];
    if (!act || held.current) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    held.current = { act, at, start: at, id: event.pointerId };
    const from = stage.pixelAt(at);
    if ((act === 'length' || act === 'box') && from) setDraft({ kind: act, from, to: from });
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    const now = held.current;
    if (!now || now.id !== event.pointerId) return;
    const at = placeOf(event);
    const [dx, dy] = [at[0] - now.at[0], at[1] - now.at[1]];
    held.current = { ...now, at };
    const to = stage.pixelAt(at);
    if (now.act === 'window') stage.dragWindow(dx, dy);
    else if (now.act === 'pan') stage.pan(dx, dy);
    else if (now.act === 'zoom') stage.zoom(ZOOM_PER_PX ** -dy, now.start);
    else if (to) setDraft((before) => before && { ...before, to });
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>): void => {
    const now = held.current;
    if (!now || now.id !== event.pointerId) return;
    const at = placeOf(event);
    const to = stage.pixelAt(at);
    const far = Math.hypot(at[0] - now.start[0], at[1] - now.start[1]) >= LEAST_PX;
    if (draft && to && far) onDone({ ...draft, to });
    cancel();
  };
  const onWheel = (event: WheelEvent<HTMLElement>): void => {
    rolled.current += event.deltaMode === 1 ? event.deltaY * 40 : event.deltaY;
    const steps = Math.trunc(rolled.current / WHEEL_STEP);
    if (steps === 0) return;
    rolled.current -= steps * WHEEL_STEP;
    stage.step(Math.max(-10, Math.min(10, steps)));
  };
  return { draft, cancel, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: cancel, onWheel } };
}

function placeOf(event: PointerEvent<HTMLElement>): Point {
  const box = event.currentTarget.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
