import { type ReactNode, useSyncExternalStore } from 'react';
import { LAYOUTS, type Layout } from './layout';
import type { Tool } from './pointer';
import { presetsFor, type Windows } from './presets';
import type { Stage } from './stage';

const TOOLS: readonly { tool: Tool; name: string; key: string }[] = [
  { tool: 'window', name: 'Window', key: 'w' },
  { tool: 'pan', name: 'Pan', key: 'p' },
  { tool: 'zoom', name: 'Zoom', key: 'z' },
  { tool: 'length', name: 'Length', key: 'l' },
];

export interface ToolbarProps {
  stage: Stage;
  windows: Windows | null;
  tool: Tool;
  setTool: (tool: Tool) => void;
  layout: Layout;
  setLayout: (layout: Layout) => void;
  linked: boolean;
  setLinked: (linked: boolean) => void;
  measured: boolean;
  clear: () => void;
}

/** All that the keys do, as buttons: they act on the active viewport. */
export function Toolbar(props: ToolbarProps) {
  const { stage, tool, setTool } = props;
  return (
    <div className="viewer-tools" role="toolbar" aria-label="Viewer tools">
      <span className="viewer-group">
        {TOOLS.map((one) => (
          <Key
            key={one.tool}
            name={one.name}
            shortcut={one.key}
            pressed={tool === one.tool}
            run={() => setTool(one.tool)}
          />
        ))}
        {props.measured && <Key name="Clear lengths" shortcut="Del" run={props.clear} />}
      </span>
      <OfPicture stage={stage} windows={props.windows} />
      <Grid {...props} />
    </div>
  );
}

function Grid({ layout, setLayout, linked, setLinked }: ToolbarProps) {
  return (
    <span className="viewer-group">
      {LAYOUTS.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={layout === one}
          onClick={() => setLayout(one)}
          title="Viewports (g)"
        >
          <span className="unseen">Viewports </span>
          {one}
        </button>
      ))}
      {layout !== '1×1' && <Key name="Link" shortcut="k" pressed={linked} run={() => setLinked(!linked)} />}
    </span>
  );
}

function OfPicture({ stage, windows }: { stage: Stage; windows: Windows | null }) {
  const { picture, pictures, playing, turned, window, loaded } = useSyncExternalStore(stage.subscribe, stage.scene);
  const presets = presetsFor(windows, picture);
  return (
    <>
      <span className="viewer-group">
        {!loaded?.colour && <Key name="Invert" shortcut="i" pressed={turned} run={() => stage.invert()} />}
        <Key name="Turn left" shortcut="[" run={() => stage.turn(-90)} sign="↺" />
        <Key name="Turn right" shortcut="]" run={() => stage.turn(90)} sign="↻" />
        <Key name="Flip" shortcut="f" pressed={stage.scene().view.flipped} run={() => stage.mirror()} />
        <Key name="Reset" shortcut="r" run={() => stage.reset()} />
        {pictures.length > 1 && <Key name="Play" shortcut="c" pressed={playing} run={() => stage.play()} />}
      </span>
      {presets.length > 0 && (
        <span className="viewer-group">
          {presets.map((one, at) => {
            const pressed = window?.center === one.center && window.width === one.width;
            return (
              <Key
                key={one.name}
                name={one.name ?? ''}
                shortcut={String(at + 1)}
                pressed={pressed}
                run={() => stage.setWindow(one)}
              />
            );
          })}
        </span>
      )}
    </>
  );
}

function Key(props: { name: string; shortcut: string; run: () => void; pressed?: boolean; sign?: ReactNode }) {
  const { name, shortcut, run, pressed, sign } = props;
  return (
    <button type="button" aria-pressed={pressed} onClick={run} title={`${name} (${shortcut})`}>
      {sign ? (
        <>
          <span aria-hidden="true">{sign}</span>
          <span className="unseen">{name}</span>
        </>
      ) : (
        name
      )}
    </button>
  );
}
