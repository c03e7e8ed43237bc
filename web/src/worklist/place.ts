/** What a list remembers of itself in the browser's history: coming back finds it as it was left. Never in the address. */
import { useHistoryState } from 'wouter/use-browser-location';

export interface Place {
  /** The words that are searched for: they may be a patient's name, so they stay out of the address. */
  text: string;
  selected: string | null;
  index: number;
  top: number;
  /** Another number: go to where `selected` is, though the list is the same. */
  jump: number;
}

const START: Place = { text: '', selected: null, index: 0, top: 0, jump: 0 };

/** Where the list stood when it was left. */
export function usePlace(): Place {
  return placeOf(useHistoryState<unknown>());
}

export function placeOf(state: unknown): Place {
  if (typeof state !== 'object' || state === null) return START;
  const { text, selected, index, top, jump } = state as Record<keyof Place, unknown>;
  return {
    text: typeof text === 'string' ? text.slice(0, 200) : '',
    selected: typeof selected === 'string' ? selected : null,
    index: typeof index === 'number' ? index : 0,
    top: typeof top === 'number' ? top : 0,
    jump: typeof jump === 'number' ? jump : 0,
  };
}
