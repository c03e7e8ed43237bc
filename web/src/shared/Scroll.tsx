import type { ReactNode } from 'react';
import './scroll.css';

/** Something wide that scrolls inside the page: by keyboard too, so it takes the focus and has a name. */
export function Scroll({ name, children }: { name: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="scroll" aria-label={name} tabIndex={0}>
      {children}
    </section>
  );
}
