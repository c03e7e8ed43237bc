import { useEffect, useRef } from 'react';

/** A key that does something on this page. `key` as in KeyboardEvent.key, with `Ctrl+` and `Shift+` before it. */
export interface Shortcut {
  key: string;
  does: string;
  run: (event: KeyboardEvent) => void;
  /** Also while a text field has the focus (only for chords such as Ctrl+Enter). */
  inText?: boolean;
}

const WRITES = 'input, textarea, select, [contenteditable="true"]';

/** Keys of a page, for as long as it is shown and no dialog is open. A key that was used goes nowhere else. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const now = useRef(shortcuts);
  now.current = shortcuts;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const target = event.target as Element;
      if (event.defaultPrevented || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
      const writing = target.matches(WRITES);
      const found = now.current.find((one) => one.key === chord(event) && (!writing || one.inText));
      if (!found || (event.key === 'Enter' && !event.ctrlKey && target.matches('a, button, summary'))) return;
      event.preventDefault();
      found.run(event);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

/** The chord of an event, as shortcuts name it: letters without Shift are lower case. */
export function chord(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey'>): string {
  const letter = event.key.length === 1 && event.key.toLowerCase() !== event.key.toUpperCase();
  const key = letter && event.shiftKey ? event.key.toUpperCase() : event.key;
  const shift = event.shiftKey && (letter || event.key.length > 1) ? 'Shift+' : '';
  return `${event.ctrlKey ? 'Ctrl+' : ''}${shift}${key}`;
}
