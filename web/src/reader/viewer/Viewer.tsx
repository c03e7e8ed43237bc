import type { RenderingEngine } from '@cornerstonejs/core';
import { useCallback, useEffect, useImperativeHandle, useMemo, useState } from 'react';
import { Aside, type Placed, placeKey } from './Aside';
import { type Board, useBoard } from './board';
import { Cell } from './Cell';
import type { ViewerProps } from './contract';
import { useLinked, useSpace, useTold } from './follow';
import { shortcutsOf } from './keys';
import { boot, type Lane, newEngine } from './lane';
import { cellsOf, nextLayout } from './layout';
import type { Length } from './Overlay';
import type { Tool } from './pointer';
import { presetsFor, useWindows, type Windows } from './presets';
import { ageWords, type Study } from './series';
import type { Stage } from './stage';
import { Toolbar } from './Toolbar';
import './viewer.css';

/** The pictures of a study and of its priors: series on the left, one to four viewports, every overlay on its own frame. */
export default function Viewer(props: ViewerProps) {
  const { study, marks, heat } = props;
  const engine = useEngine();
  const windows = useWindows();
  const board = useBoard(study, windows);
  const { stages, active, layout } = board;
  const stage = stages[active] ?? (stages[0] as Stage);
  const [tool, setTool] = useState<Tool>('window');
  const [linked, setLinked] = useLinked(stages, active);
  const [lengths, setLengths] = useState<readonly Length[]>([]);
  const clear = useCallback(() => setLengths((all) => all.filter((one) => !onStage(stage, one))), [stage]);
  const shortcuts = useShortcutsOf({ stage, setTool, board, setLinked, clear, windows });
  useImperativeHandle(props.handle, () => ({ jumpTo: board.jumpTo, shortcuts }), [board.jumpTo, shortcuts]);
  useTold(stage, props.onShown);
  useSpace(stage);
  const readers = useMemo(() => [...new Set(marks.map((mark) => mark.by))].sort(), [marks]);
  return (
    <div className="viewer">
      <Aside study={study} open={board.open} shown={placeKey(board.placed[active] ?? null)} />
      <section className="viewer-centre" aria-label="Pictures">
        <Toolbar
          {...{ stage, windows, tool, setTool, layout, linked, setLinked, clear }}
          setLayout={board.setLayout}
          measured={lengths.length > 0}
        />
        <div className="viewer-grid" data-layout={layout} data-lane={engine?.lane}>
          {engine &&
            stages.slice(0, cellsOf(layout)).map((one, at) => (
              <Cell
                // biome-ignore lint/suspicious/noArrayIndexKey: viewports are told apart by their place
                key={at}
                stage={one}
                {...engine}
                {...{ readers, lengths, tool }}
                number={at + 1}
                study={board.placed[at]?.study ?? study}
                prior={priorWords(board.placed[at] ?? null, study)}
                active={at === active}
                onActive={() => board.setActive(at)}
                drawing={props.drawing}
                onDrawn={props.onDrawn}
                onLength={(length) => setLengths((all) => [...all, { ...length, id: (all.at(-1)?.id ?? 0) + 1 }])}
                marks={props.overlays ? marks : []}
                heat={props.overlays && props.heatShown ? heat : []}
              />
            ))}
        </div>
      </section>
    </div>
  );
}

function priorWords(placed: Placed | null, study: Study): string | null {
  return placed && placed.study.study_id !== study.study_id ? ageWords(placed.study, study) : null;
}

function onStage(stage: Stage, length: Length): boolean {
  return stage.scene().pictures.some((picture) => picture.id === length.picture);
}

function useEngine(): { engine: RenderingEngine; lane: Lane } | null {
  const [engine, setEngine] = useState<{ engine: RenderingEngine; lane: Lane } | null>(null);
  useEffect(() => {
    const lane = boot();
    const made = newEngine();
    setEngine({ engine: made, lane });
    return () => made.destroy();
  }, []);
  return engine;
}

function useShortcutsOf(told: {
  stage: Stage;
  board: Board;
  windows: Windows | null;
  setTool: (tool: Tool) => void;
  setLinked: (change: (linked: boolean) => boolean) => void;
  clear: () => void;
}) {
  const { stage, board, windows, setTool, setLinked, clear } = told;
  const { layout, setLayout } = board;
  return useMemo(
    () =>
      shortcutsOf({
        stage,
        setTool,
        presets: (picture) => presetsFor(windows, picture),
        grid: () => setLayout(nextLayout(layout)),
        link: () => setLinked((linked) => !linked),
        clear,
      }),
    [stage, setTool, windows, layout, setLayout, setLinked, clear],
  );
}
