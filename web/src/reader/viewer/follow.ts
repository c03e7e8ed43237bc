import { useEffect, useRef, useState } from 'react';
import type { Shown } from './contract';
import { beside } from './layout';
import type { Scene } from './scene';
import type { Stage } from './stage';

/** Linked scrolling: the other viewports follow the one that a person scrolls. */
export function useLinked(stages: readonly Stage[], active: number) {
  const [linked, setLinked] = useState(true);
  useEffect(() => {
    const leader = stages[active];
    if (!leader || !linked) return;
    leader.onMoved = () => {
      const { pictures, index } = leader.scene();
      const picture = pictures[index];
      if (!picture) return;
      for (const other of stages) {
        if (other === leader || other.scene().pictures.length === 0) continue;
        other.goTo(beside(picture, index, other.scene().pictures), { told: false });
      }
    };
    return () => {
      leader.onMoved = null;
    };
  }, [stages, active, linked]);
  return [linked, setLinked] as const;
}

/** Tell the page where the active viewport stands, once for each picture. */
export function useTold(stage: Stage, onShown: (shown: Shown) => void): void {
  const tell = useRef(onShown);
  tell.current = onShown;
  useEffect(() => {
    let last = '';
    const look = (): void => {
      const shown = shownOf(stage.scene());
      const key = shown ? JSON.stringify(shown) : '';
      if (shown && key !== last) tell.current(shown);
      last = key;
    };
    look();
    return stage.subscribe(look);
  }, [stage]);
}

function shownOf({ picture, pictures, index }: Scene): Shown | null {
  if (!picture) return null;
  const { studyId, seriesUid, sopInstanceUid, file, frame } = picture;
  return { studyId, seriesUid, sopInstanceUid, file, frame, index, count: pictures.length };
}

/** Space plays and stops, except where it would press a control. */
export function useSpace(stage: Stage): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const target = event.target as Element;
      const taken = target.matches(
        'a, button, input, textarea, select, summary, [role="tab"], [contenteditable="true"]',
      );
      if (event.key !== ' ' || event.defaultPrevented || taken || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      stage.play();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [stage]);
}
