import { lazy, memo, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Frame } from '../shared/Frame';
import type { FindingView, ReadView, ReportView, StudyView } from './asked';
import { FindingDialog } from './findings/FindingDialog';
import { withBox } from './findings/form';
import { Heading } from './Heading';
import { heatOf, marksOf, withHeat } from './marks';
import { Panel } from './Panel';
import { SignDialog } from './report/SignDialog';
import { type Overlays, useReaderKeys } from './useReaderKeys';
import { findingPlace, type Reading, type Tab, useReading } from './useReading';
import type { Heat, Mark, Shown, ViewerHandle } from './viewer/contract';
import { Why } from './Why';

const Viewer = memo(lazy(() => import('./viewer/Viewer')));
const NO_MARKS: readonly Mark[] = [];
const NO_HEAT: readonly Heat[] = [];

interface Known {
  me: string;
  study: StudyView;
  report: ReportView;
  reads: readonly ReadView[];
  tab: Tab;
}

/** Pictures at the left, words at the right, one keyboard for both. */
export function Desk(known: Known) {
  const [viewer, setViewer] = useState<ViewerHandle | null>(null);
  const jump = useJump(known, viewer);
  const reading = useReading({ ...known, jump });
  const overlays = useOverlays();
  const { form, setForm, first } = reading;
  const keys = useReaderKeys(reading, overlays);
  useAim(reading);
  const { study } = known;
  const layers = useLayers(reading);
  const onDrawn = useDrawn(reading, overlays);
  const [shown, setShown] = useState<Shown | null>(null);
  const [why, setWhy] = useState(false);
  const drawable = shown === null || shown.sopInstanceUid !== null;
  return (
    <Frame
      title="Reading"
      heading={<Heading reading={reading} why={() => setWhy(true)} />}
      shortcuts={[...keys, ...(viewer?.shortcuts ?? [])]}
    >
      <div className="reader">
        <div className="reader-pictures">
          <Suspense fallback={<p role="status">Loading the viewer…</p>}>
            <Viewer
              study={study}
              marks={layers.marks}
              heat={layers.heat}
              overlays={overlays.shown}
              heatShown={overlays.heat && !first.hidden}
              drawing={overlays.drawing}
              onDrawn={onDrawn}
              onShown={setShown}
              handle={setViewer}
            />
          </Suspense>
        </div>
        <Panel reading={reading} overlays={overlays} heat={layers.choice} />
      </div>
      {overlays.drawing && (
        <p className="reader-drawing" role="status">
          Draw a box on the picture. Escape goes back without one.
        </p>
      )}
      {form && !overlays.drawing && (
        <FindingDialog
          study={study.study_id}
          modalities={study.modalities}
          form={form}
          change={setForm}
          draw={drawable ? overlays.draw : undefined}
          close={() => setForm(null)}
          done={(finding) => {
            setForm(null);
            reading.findings.select(finding);
            reading.aim(findingPlace(finding));
          }}
        />
      )}
      {reading.signing && <SignDialog reading={reading} />}
      {why && <Why study={study} close={() => setWhy(false)} />}
    </Frame>
  );
}

/** What lies over the pictures; nothing of AI's while the person reads first. */
function useLayers({ first, findings, report, reads }: Reading) {
  const [heatBy, choose] = useState<string | null>(null);
  const selected = findings.selected?.finding_id ?? null;
  const { hidden } = first;
  const marks = useMemo(
    () => (hidden ? NO_MARKS : marksOf([...report.findings, ...report.added], reads, selected)),
    [hidden, report, reads, selected],
  );
  const readers = withHeat(reads);
  const reader = heatBy ?? readers[0] ?? null;
  const heat = useMemo(() => (hidden ? NO_HEAT : heatOf(reads, reader)), [hidden, reads, reader]);
  return { marks, heat, choice: { reader, readers, choose } };
}

/** Show a finding's place in the viewer; one without a place only becomes the selected one. */
function useJump({ reads }: Known, viewer: ViewerHandle | null) {
  return useCallback(
    (view: FindingView) => {
      const mark = marksOf([view], reads, view.finding_id)[0];
      if (mark) viewer?.jumpTo(mark);
    },
    [reads, viewer],
  );
}

function useOverlays(): Overlays & { draw: () => void } {
  const [shown, setShown] = useState(true);
  const [heat, setHeat] = useState(false);
  const [drawing, setDrawing] = useState(false);
  return {
    shown,
    heat,
    drawing,
    toggle: () => setShown((before) => !before),
    toggleHeat: () => setHeat((before) => !before),
    stopDrawing: () => setDrawing(false),
    draw: () => setDrawing(true),
  };
}

/** The box that was drawn goes into the form that asked for it. Stable, so that the viewer is not drawn anew. */
function useDrawn(reading: Reading, overlays: Overlays) {
  const now = useRef({ reading, overlays });
  now.current = { reading, overlays };
  return useCallback((drawn: Parameters<typeof withBox>[1]) => {
    const { form, setForm } = now.current.reading;
    if (form) setForm(withBox(form, drawn));
    now.current.overlays.stopDrawing();
  }, []);
}

/** Move the focus to where it was sent, once that is on the page. */
function useAim({ goal, aim }: Reading): void {
  useEffect(() => {
    const place = goal === null ? null : document.getElementById(goal);
    if (!place) return;
    place.focus();
    place.scrollIntoView({ block: 'nearest' });
    aim(null);
  });
}
