import { type RefObject, useLayoutEffect, useState } from 'react';

/** How many pixels wide the inside of an element is, as it changes. */
export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(() => document.documentElement.clientWidth);
  useLayoutEffect(() => {
    const seen = box.current;
    if (!seen) return;
    const measure = (): void => setWidth(seen.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(seen);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
