import { type ReactNode, useEffect, useId, useRef } from 'react';

/** A modal dialog with a heading: the browser's own, so that focus and Escape are right. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const shown = box.current;
    if (shown && !shown.open) shown.showModal();
  }, []);
  return (
    <dialog ref={box} aria-labelledby={name} onClose={onClose}>
      <h2 id={name}>{title}</h2>
      {children}
    </dialog>
  );
}
