import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { List } from './pages';
import { slid } from './reach';

/** Keep what the reader looks at where it is while rows come and go above it; at the very top newcomers show instead. */
export function useSteady(box: RefObject<HTMLElement | null>, list: List, view: [number, number], rowPx: number): void {
  const seen = useRef<ReadonlyMap<string, number>>(new Map());
  const seenAt = useRef(0);
  const [first, last] = view;
  useLayoutEffect(() => {
    const shift = list.renewedAt === seenAt.current ? 0 : slid(seen.current, list.places);
    seenAt.current = list.renewedAt;
    if (shift && box.current && box.current.scrollTop > 0) box.current.scrollTop += shift * rowPx;
    const now = new Map<string, number>();
    for (let index = first + shift; index <= last + shift; index++) {
      const row = list.rowAt(index);
      if (row) now.set(row.study_id, index);
    }
    seen.current = now;
  }, [box, list, first, last, rowPx]);
}

/** Put the list where it was left, once it is known how long it is. */
export function useReturn(box: RefObject<HTMLElement | null>, top: number, length: number | null): void {
  const isBack = useRef(top === 0);
  useLayoutEffect(() => {
    if (isBack.current || length === null || !box.current) return;
    isBack.current = true;
    box.current.scrollTop = top;
  }, [box, top, length]);
}
