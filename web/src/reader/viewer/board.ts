import { useCallback, useEffect, useRef, useState } from 'react';
import type { Placed } from './Aside';
import type { Mark } from './contract';
import { cellsOf, type Layout } from './layout';
import { liesOn } from './Overlay';
import { defaultFor, type Windows } from './presets';
import { picturesIn, type SeriesInfo, type Study } from './series';
import { Stage } from './stage';

export interface Board {
  stages: readonly Stage[];
  placed: readonly (Placed | null)[];
  active: number;
  layout: Layout;
  setActive: (at: number) => void;
  setLayout: (layout: Layout) => void;
  open: (placed: Placed, where: 'here' | 'beside') => void;
  jumpTo: (mark: Mark) => void;
}

/** Which series stands in which viewport. The study's first series with images comes by itself. */
export function useBoard(study: Study, windows: Windows | null): Board {
  const known = useRef(windows);
  known.current = windows;
  const [stages] = useState(() => [0, 1, 2, 3].map(() => new Stage((picture) => defaultFor(known.current, picture))));
  const [placed, setPlaced] = useState<readonly (Placed | null)[]>([null, null, null, null]);
  const [active, setActive] = useState(0);
  const [layout, setLayout] = useState<Layout>('1×1');
  const place = useCallback(
    async (at: number, wanted: Placed, find?: (stage: Stage) => void): Promise<void> => {
      setPlaced((before) => before.map((one, cell) => (cell === at ? wanted : one)));
      const stage = stages[at];
      stage?.close();
      try {
        stage?.open(await picturesIn(wanted.study, wanted.series));
        if (stage) find?.(stage);
      } catch (problem) {
        stage?.refuse(problem);
      }
    },
    [stages],
  );
  const start = useRef(study);
  useEffect(() => {
    const first = start.current.series_list.find((series) => series.images > 0);
    if (windows && first) void place(0, { study: start.current, series: first });
  }, [windows, place]);
  useEffect(() => {
    return () => {
      for (const stage of stages) stage.close();
    };
  }, [stages]);
  const open = useCallback(
    (wanted: Placed, where: 'here' | 'beside') => {
      const at = where === 'here' ? active : active === 0 ? 1 : active;
      if (at >= cellsOf(layout)) setLayout('1×2');
      setActive(at);
      void place(at, wanted);
    },
    [active, layout, place],
  );
  const jumpTo = useCallback(
    (mark: Mark) => {
      const at = placed[active]?.study.study_id === study.study_id ? active : 0;
      setActive(at);
      void jump(stages[at] as Stage, mark, study, (series, then) => place(at, { study, series }, then));
    },
    [active, placed, place, stages, study],
  );
  const grid = useCallback((wanted: Layout) => {
    setLayout(wanted);
    setActive((at) => (at < cellsOf(wanted) ? at : 0));
  }, []);
  return { stages, placed, active, layout, setActive, setLayout: grid, open, jumpTo };
}

/** Show the picture of a mark, in whichever series of the study it stands. */
async function jump(
  stage: Stage,
  mark: Mark,
  study: Study,
  place: (series: SeriesInfo, then: (stage: Stage) => void) => Promise<void>,
): Promise<void> {
  const go = (here: Stage): void => {
    const at = here.scene().pictures.findIndex((picture) => liesOn(mark, picture, study.study_id));
    if (at < 0) return;
    here.goTo(at);
    here.reveal(mark.box);
  };
  if (stage.scene().pictures.some((picture) => liesOn(mark, picture, study.study_id))) return go(stage);
  for (const series of study.series_list.filter((one) => one.images > 0)) {
    const pictures = await picturesIn(study, series).catch(() => []);
    if (pictures.some((picture) => liesOn(mark, picture, study.study_id))) return place(series, go);
  }
}
