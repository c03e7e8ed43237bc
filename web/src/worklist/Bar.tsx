import { type RefObject, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { navigate } from 'wouter/use-browser-location';
import { type Schemas, useMay, usePreferences } from '../shared/api';
import { type Asked, orderOf, sortsOf, TABS, type Tab, writeAsked } from './asked';
import type { Opened } from './Openings';
import { placeOf } from './place';
import type { TableHandle } from './Table';
import { viewsOf } from './views';
import type { Show } from './Worklist';
import { ORDER_WORDS } from './words';

const WORDS: Record<Tab, string> = { my: 'My', unassigned: 'Unassigned', all: 'All', signed: 'Signed' };
const TYPED_MS = 250;

interface Shown {
  asked: Asked;
  text: string;
  counts: Schemas['Counts'] | undefined;
  show: Show;
  search: RefObject<HTMLInputElement | null>;
  table: RefObject<TableHandle | null>;
  onOpen: (what: Opened) => void;
}

/** Which list, its saved views, the search, and what can be done besides reading. */
export function Bar({ asked, text, counts, show, search, table, onOpen }: Shown) {
  const maySend = useMay('study_send');
  const views = viewsOf(usePreferences().preferences['worklist.views']);
  const here = writeAsked(asked);
  return (
    <div className="worklist-bar-top">
      <nav aria-label="Lists" className="worklist-tabs">
        {TABS.map((tab) => (
          <Link
            key={tab}
            href={`/${writeAsked({ ...asked, tab, sort: null })}`}
            state={{ text }}
            aria-current={asked.tab === tab ? 'page' : undefined}
          >
            {WORDS[tab]} <span className="dim">{countOf(tab, counts)}</span>
          </Link>
        ))}
      </nav>
      {views.length > 0 && (
        <nav aria-label="Saved views" className="worklist-views">
          {views.map((view) => (
            <Link
              key={view.name}
              href={`/${view.query}`}
              aria-current={view.query === here && text === '' ? 'page' : undefined}
            >
              <bdi>{view.name}</bdi>
            </Link>
          ))}
        </nav>
      )}
      <span className="grow" />
      <Order asked={asked} show={show} />
      <Search text={text} input={search} table={table} onShow={() => show(asked, { text: '' })} />
      <button type="button" onClick={() => onOpen({ what: 'views' })}>
        Views…
      </button>
      <button type="button" onClick={() => onOpen({ what: 'columns' })}>
        Columns…
      </button>
      {maySend && (
        <button type="button" onClick={() => onOpen({ what: 'upload' })}>
          Upload…
        </button>
      )}
    </div>
  );
}

function Order({ asked, show }: { asked: Asked; show: Show }) {
  const sorts = sortsOf(asked.tab);
  return (
    <label className="worklist-choice">
      <span className="meta">Order</span>
      <select
        value={orderOf(asked)}
        onChange={(event) => show({ ...asked, sort: sorts.find((one) => one === event.target.value) ?? null })}
      >
        {sorts.map((one) => (
          <option key={one} value={one}>
            {ORDER_WORDS[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Searched {
  text: string;
  input: RefObject<HTMLInputElement | null>;
  table: RefObject<TableHandle | null>;
  onShow: () => void;
}

/** What is typed is looked for a moment later. It may be a name, so the address does not show it. */
function Search({ text, input, table, onShow }: Searched) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => {
      const { selected: _, ...state } = placeOf(history.state);
      navigate(location.href, { replace: true, state: { ...state, text: typed, index: 0, top: 0 } });
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <search>
      <input
        ref={input}
        type="search"
        className="worklist-search"
        aria-label="Search name, id, accession number, study, indication"
        placeholder="Search  ( / )"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && typed) {
            event.preventDefault();
            setTyped('');
            onShow();
          } else if (event.key === 'Escape' || event.key === 'Enter') table.current?.focus();
        }}
      />
    </search>
  );
}

function countOf(tab: Tab, counts: Schemas['Counts'] | undefined): string {
  if (!counts) return '';
  const n = { my: counts.mine, unassigned: counts.unassigned, all: counts.open, signed: counts.signed }[tab];
  const isAtLeast = (tab === 'my' || tab === 'unassigned') && n >= counts.counted_to;
  return n.toLocaleString('en') + (isAtLeast ? '+' : '');
}
