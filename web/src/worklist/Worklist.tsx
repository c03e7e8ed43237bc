import { useMemo, useRef, useState } from 'react';
import { navigate, useSearch } from 'wouter/use-browser-location';
import { useMay, usePreferences, useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { type Asked, EVERYTHING, orderOf, queryOf, readAsked, writeAsked } from './asked';
import { Bar } from './Bar';
import { Empty } from './Empty';
import { Facets } from './Facets';
import { Newcomers, useNews } from './Newcomers';
import { type Opened, Openings } from './Openings';
import { useCounts } from './pages';
import { type Place, usePlace } from './place';
import { shortcutsOf } from './shortcuts';
import { ROW_PX, Table, type TableHandle } from './Table';
import { useAssign } from './useAssign';
import { ORDER_WORDS } from './words';
import './worklist.css';

/** The studies that wait, most urgent first: what a reader has open all day, driven by the keyboard. */
export default function Worklist() {
  const [asked, place, show, table] = useAddress();
  const me = useSession().data?.name ?? '';
  const query = useMemo(() => queryOf(asked, place.text, me), [asked, place.text, me]);
  const counts = useCounts().data;
  const search = useRef<HTMLInputElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const may = { open: useMay('study_view'), change: useMay('study_change'), send: useMay('study_send') };
  const readFirst = usePreferences().preferences['reader.readFirst'] === true;
  const assign = useAssign(me);
  const news = useNews();
  const jump = (study: string, index: number): void => show(EVERYTHING, { text: '', selected: study, ...at(index) });
  const open = (study: string): void => {
    table.current?.leave();
    navigate(`/study/${study}`);
  };
  const shortcuts = shortcutsOf({
    table,
    search,
    narrow: (urgency) => show({ ...asked, urgency }),
    act: (what, row) => {
      if (what === 'open') may.open && open(row.study_id);
      else if (what === 'assign') may.change && assign.toggle(row);
      else if (what === 'actions' || may.open) setOpened({ what, row });
    },
  });
  const critical = counts?.by_priority.P1 ?? 0;
  return (
    <Frame title={critical ? `(${critical} critical) Worklist` : 'Worklist'} heading="Worklist" shortcuts={shortcuts}>
      <div className="worklist">
        <Bar
          asked={asked}
          text={place.text}
          counts={counts}
          show={show}
          search={search}
          onOpen={setOpened}
          table={table}
        />
        <Facets asked={asked} counts={counts} show={show} />
        <p className="unseen" role="alert">
          {news.words}
        </p>
        {readFirst && <p className="worklist-note meta">Read first: what AI found is hidden in this list.</p>}
        <Table
          key={`${JSON.stringify(query)} ${place.jump}`}
          ref={table}
          query={query}
          order={ORDER_WORDS[orderOf(asked)]}
          mayOpen={may.open}
          foot={<Newcomers news={news} jump={jump} />}
          said={assign.said}
          empty={<Empty asked={asked} text={place.text} show={show} />}
          onOpen={open}
          onOffer={(row) => setOpened({ what: 'actions', row })}
        />
      </div>
      {opened && <Openings opened={opened} me={me} address={writeAsked(asked)} change={setOpened} />}
    </Frame>
  );
}

/** Show another list, or another place of it. */
export type Show = (asked: Asked, place?: Partial<Place>) => void;

/** Which list the address asks for, where in it one was, and the way to another one. */
function useAddress() {
  const search = useSearch();
  const asked = useMemo(() => readAsked(search), [search]);
  const place = usePlace();
  const table = useRef<TableHandle>(null);
  const show: Show = (wanted, other) => {
    table.current?.leave();
    navigate(`/${writeAsked(wanted)}`, { state: { text: place.text, ...other } });
  };
  return [asked, place, show, table] as const;
}

/** The place in the list that brings a line into view, a few lines from the top. */
function at(index: number): Pick<Place, 'index' | 'top' | 'jump'> {
  return { index, top: Math.max(0, (index - 3) * ROW_PX), jump: Date.now() };
}
