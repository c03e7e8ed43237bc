import { useCallback, useEffect, useRef, useState } from 'react';
import type { List } from './pages';

/** What is selected: a study, and the line it was last seen in. null: whatever comes to stand in that line. */
export interface Selected {
  study: string | null;
  index: number;
}

/** Where the selection goes by so many lines. Where its study has left the list, its line is the first step. */
export function moved(now: Selected, by: number, list: Pick<List, 'length' | 'places' | 'rowAt'>): Selected {
  const inLine = list.rowAt(now.index);
  const hasLeft = now.study !== null && inLine !== undefined && !list.places.has(now.study);
  const wanted = hasLeft && Math.abs(by) === 1 ? now.index : now.index + by;
  const index = Math.max(0, Math.min((list.length ?? 1) - 1, wanted));
  return { study: list.rowAt(index)?.study_id ?? null, index };
}

/** The selection of a list. It follows its study through the list and stays with it when it is out of sight. */
export function useSelection(list: List, start: Selected) {
  const [selected, setSelected] = useState(start);
  const isRestored = useRef(start.study === null);
  const place = selected.study === null ? undefined : list.places.get(selected.study);
  const inLine = list.rowAt(selected.index)?.study_id;
  useEffect(() => {
    const isGone = !isRestored.current && !list.isFetching && selected.study !== null && place === undefined;
    if (place !== undefined || (inLine !== undefined && !list.isFetching)) isRestored.current = true;
    if (inLine !== undefined && (selected.study === null || isGone)) setSelected((now) => ({ ...now, study: inLine }));
    else if (place !== undefined && place !== selected.index) setSelected((now) => ({ ...now, index: place }));
  }, [selected, place, inLine, list.isFetching]);
  const select = useCallback((study: string, index: number) => setSelected({ study, index }), []);
  return { selected, select, setSelected, row: place === undefined ? undefined : list.rowAt(place) };
}
