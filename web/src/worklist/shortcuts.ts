import type { RefObject } from 'react';
import { keys, queries } from '../shared/api';
import type { Shortcut } from '../shared/keyboard';
import type { UrgencyAsked } from './asked';
import type { TableHandle } from './Table';
import type { Row } from './words';

/** The urgencies of the keys 1 to 4. */
export const KEYED: readonly (UrgencyAsked | null)[] = [null, 'P1', 'P2', 'P3'];

interface Doing {
  table: RefObject<TableHandle | null>;
  search: RefObject<HTMLInputElement | null>;
  narrow: (urgency: UrgencyAsked | null) => void;
  act: (what: 'open' | 'why' | 'assign' | 'actions', row: Row) => void;
}

/** The keys of the worklist. */
export function shortcutsOf({ table, search, narrow, act }: Doing): readonly Shortcut[] {
  const move = (by: () => number) => () => table.current?.move(by());
  const lines = (): number => table.current?.lines() ?? 1;
  const on = (what: Parameters<Doing['act']>[0]) => () => {
    const row = table.current?.row();
    if (row) act(what, row);
  };
  return [
    { key: 'j', does: 'next study', run: move(() => 1) },
    { key: 'k', does: 'study before', run: move(() => -1) },
    { key: 'ArrowDown', does: 'next study', run: move(() => 1) },
    { key: 'ArrowUp', does: 'study before', run: move(() => -1) },
    { key: 'PageDown', does: 'a window down', run: move(lines) },
    { key: 'PageUp', does: 'a window up', run: move(() => -lines()) },
    { key: 'Home', does: 'first study', run: move(() => Number.NEGATIVE_INFINITY) },
    { key: 'End', does: 'last study', run: move(() => Number.POSITIVE_INFINITY) },
    { key: 'Enter', does: 'open the study', run: on('open') },
    { key: '1', does: 'every urgency', run: () => narrow(null) },
    { key: '2', does: 'critical ones only', run: () => narrow('P1') },
    { key: '3', does: 'urgent ones only', run: () => narrow('P2') },
    { key: '4', does: 'expedited ones only', run: () => narrow('P3') },
    { key: '/', does: 'search', run: () => search.current?.select() },
    { key: 'w', does: 'why it stands here', run: on('why') },
    { key: 'm', does: 'assign to me, or give back', run: on('assign') },
    { key: 'a', does: 'actions for the study', run: on('actions') },
    { key: 'u', does: 'ask the service anew', run: () => void queries.invalidateQueries({ queryKey: keys.worklist }) },
  ];
}
