import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { usePreferences } from '../shared/api';
import { rememberList } from '../shared/list';
import { Problem } from '../shared/Problem';
import type { ListQuery } from './asked';
import { fitting, wantedColumns } from './columns';
import { Head, Space } from './Head';
import { useList } from './pages';
import { placeOf } from './place';
import { type Acts, RowToCome, RowView } from './RowView';
import { moved, useSelection } from './selection';
import { useReturn, useSteady } from './steady';
import { useWidth } from './width';
import { type Row, studies } from './words';

export const ROW_PX = 31;
const OVERSCAN = 8;
const FIRST_ROWS = 20;

/** What the page's keys and buttons do to the list. */
export interface TableHandle {
  move: (by: number) => void;
  /** The selected study, where it is in sight. */
  row: () => Row | undefined;
  /** How many lines fit into the window. */
  lines: () => number;
  /** Remember in the history where the list stands: coming back finds it so. */
  leave: () => void;
  focus: () => void;
}

interface Shown {
  query: ListQuery;
  /** The order in words, for those who can't see it. */
  order: string;
  mayOpen: boolean;
  /** What is said where the list is empty. */
  empty: ReactNode;
  /** What else stands in the list's foot, where it pushes nothing away. */
  foot: ReactNode;
  /** What came of the last thing that was done. */
  said: string;
  onOpen: (study: string) => void;
  onOffer: (row: Row) => void;
  ref: Ref<TableHandle>;
}

/**
 * The list as a table of which only the rows in view exist. Selection is of a study, not of a line: what comes and goes
 * around it moves neither the selection nor what the reader looks at.
 */
export function Table({ query, order, mayOpen, empty, foot, said, onOpen, onOffer, ref }: Shown) {
  const box = useRef<HTMLDivElement>(null);
  const [start] = useState(() => placeOf(history.state));
  const [[first, last], setView] = useState<[number, number]>([0, FIRST_ROWS]);
  const list = useList(query, first, last);
  const { selected, select, setSelected, row } = useSelection(list, { study: start.selected, index: start.index });
  const columns = useColumns(box);
  const readFirst = usePreferences().preferences['reader.readFirst'] === true;
  const lines = useVirtualizer({
    count: list.length ?? FIRST_ROWS,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    paddingStart: ROW_PX,
    scrollPaddingStart: ROW_PX,
    useFlushSync: false,
    onChange: ({ range }) => {
      const seen: [number, number] = [range?.startIndex ?? 0, range?.endIndex ?? FIRST_ROWS];
      setView((now) => (now[0] === seen[0] && now[1] === seen[1] ? now : seen));
    },
  });
  useSteady(box, list, [first, last], ROW_PX);
  useReturn(box, start.top, list.length);
  const focusSoon = useFocus(box, selected.study);
  const leave = (): void => {
    const top = box.current?.scrollTop ?? 0;
    rememberList([...list.places].sort((a, b) => a[1] - b[1]).map(([id]) => id)); // what "next study" goes on to
    const state = { ...placeOf(history.state), selected: selected.study, index: selected.index, top };
    navigate(location.href, { replace: true, state });
  };
  const move = (by: number): void => {
    const next = moved(selected, by, list);
    setSelected(next);
    lines.scrollToIndex(next.index);
    focusSoon();
  };
  const latest = { onOpen, onOffer, leave };
  const now = useRef(latest);
  now.current = latest;
  const acts = useMemo<Acts>(
    () => ({
      select,
      leave: () => now.current.leave(),
      open: (study) => now.current.onOpen(study),
      offer: (one) => now.current.onOffer(one),
    }),
    [select],
  );
  useImperativeHandle(ref, () => ({
    move,
    row: () => row,
    lines: () => Math.max(1, last - first - 1),
    leave,
    focus: () => box.current?.focus(),
  }));
  const items = lines.getVirtualItems();
  const total = list.length === null ? 'Loading…' : studies(list.total, list.atLeast);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1) */}
      <section className="worklist-box" ref={box} tabIndex={0} aria-label="Studies">
        <table
          className="worklist-table"
          aria-rowcount={list.atLeast || list.length === null ? -1 : list.length + 1}
          aria-busy={list.length === null}
        >
          <Head columns={columns} caption={`Studies, ${order}`} />
          <tbody>
            <Space px={(items[0]?.start ?? ROW_PX) - ROW_PX} columns={columns.length} />
            {items.map(({ index }) => {
              const shown = list.rowAt(index);
              const key = shown && list.places.get(shown.study_id) === index ? shown.study_id : index;
              if (!shown) return <RowToCome key={key} index={index} columns={columns.length} />;
              const isSelected = shown === row;
              const looks = { columns, readFirst, mayOpen, acts };
              return <RowView key={key} row={shown} index={index} selected={isSelected} {...looks} />;
            })}
            <Space px={lines.getTotalSize() - (items.at(-1)?.end ?? ROW_PX)} columns={columns.length} />
          </tbody>
        </table>
        {list.length === 0 && <div className="worklist-empty">{empty}</div>}
      </section>
      <footer className="worklist-foot meta">
        {list.problem !== null && (
          <div className="worklist-hitch">
            <Problem problem={list.problem} retry={list.askAgain} />
          </div>
        )}
        <span role="status">{total}</span>
        {foot}
        <span role="status">{said}</span>
      </footer>
    </>
  );
}

function useColumns(box: React.RefObject<HTMLElement | null>) {
  const kept = usePreferences().preferences['worklist.columns'];
  const width = useWidth(box);
  return useMemo(() => fitting(wantedColumns(kept), width), [kept, width]);
}

/** Put the focus on the selected row as soon as it is there. */
function useFocus(box: React.RefObject<HTMLElement | null>, study: string | null): () => void {
  const isWanted = useRef(false);
  useEffect(() => {
    const shown =
      isWanted.current && study !== null && box.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!shown) return;
    isWanted.current = false;
    shown.focus({ preventScroll: true });
  });
  return () => {
    isWanted.current = true;
  };
}
