import type { Shortcut } from '../../shared/keyboard';
import type { Picture } from './picture';
import type { Tool } from './pointer';
import type { Stage } from './stage';
import type { Window } from './tone';

export interface KeyedActions {
  stage: Stage;
  setTool: (tool: Tool) => void;
  presets: (picture: Picture | null) => readonly Window[];
  grid: () => void;
  link: () => void;
  clear: () => void;
}

const PAGE = 10;

/** The viewer's keys; they act on the active viewport. */
export function shortcutsOf({ stage, setTool, presets, grid, link, clear }: KeyedActions): Shortcut[] {
  const last = (): number => stage.scene().pictures.length - 1;
  const go = (key: string, does: string, run: () => void): Shortcut => ({ key, does, run });
  const numbered = [1, 2, 3, 4, 5, 6].map((at) =>
    go(String(at), `CT window ${at} of the body region`, () => {
      const window = presets(stage.scene().picture)[at - 1];
      if (window) stage.setWindow(window);
    }),
  );
  return [
    go('w', 'window: drag changes width and level', () => setTool('window')),
    go('p', 'pan: drag moves the picture', () => setTool('pan')),
    go('z', 'zoom: drag enlarges', () => setTool('zoom')),
    go('l', 'length: drag measures', () => setTool('length')),
    go('i', 'invert grey', () => stage.invert()),
    go('[', 'rotate to the left', () => stage.turn(-90)),
    go(']', 'rotate to the right', () => stage.turn(90)),
    go('f', 'flip left and right', () => stage.mirror()),
    go('r', 'reset window, place and polarity', () => stage.reset()),
    ...numbered,
    go('ArrowDown', 'next image', () => stage.step(1)),
    go('ArrowUp', 'image before', () => stage.step(-1)),
    go('ArrowRight', 'next image', () => stage.step(1)),
    go('ArrowLeft', 'image before', () => stage.step(-1)),
    go('PageDown', 'ten images on', () => stage.step(PAGE)),
    go('PageUp', 'ten images back', () => stage.step(-PAGE)),
    go('Home', 'first image', () => stage.goTo(0)),
    go('End', 'last image', () => stage.goTo(last())),
    go('.', 'next image, playing stops', () => still(stage, 1)),
    go(',', 'image before, playing stops', () => still(stage, -1)),
    go('c', 'play or stop (space does as well)', () => stage.play()),
    go('=', 'enlarge', () => stage.zoom(1.25)),
    go('-', 'make smaller', () => stage.zoom(0.8)),
    go('g', 'next grid of viewports', grid),
    go('k', 'link scrolling of viewports', link),
    go('Delete', 'remove the lengths of this viewport', clear),
  ];
}

function still(stage: Stage, by: number): void {
  stage.play(false);
  stage.step(by);
}
