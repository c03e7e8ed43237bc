/** What stands in each column of a row. */
import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { ageAndSex, person } from '../shared/person';
import { moment } from '../shared/time';
import { Urgency } from '../shared/Urgency';
import { useNow } from './clock';
import type { ColumnId } from './columns';
import { dueIn, firstFinding, type Row, share, standing, waited } from './words';

/** What the cells of a row rest on besides the row. */
export interface Looks {
  /** Read first: what AI found stays hidden. */
  readFirst: boolean;
  /** Whether this person may open studies. */
  mayOpen: boolean;
  /** Only the selected row's links are stops of the Tab key. */
  selected: boolean;
  onOpen: () => void;
}

type Cell = (row: Row, looks: Looks) => ReactNode;

const HIDDEN = <span className="dim">hidden: read first</span>;

export const CELLS: Record<ColumnId, Cell> = {
  urgency: (row) => <Urgency priority={row.priority} {...(row.priority === 'UNREAD' ? { word: 'unread' } : {})} />,
  due: (row) => <Due row={row} />,
  waiting: (row) => <Waiting row={row} />,
  patient: (row, looks) => <Patient row={row} looks={looks} />,
  modality: (row) => row.modalities.join(' '),
  study: (row) => <Text words={row.description ?? row.body_parts.join(' ')} />,
  indication: (row) => <Text words={row.indication} dim />,
  finding: (row, { readFirst }) => (readFirst ? HIDDEN : <Finding row={row} />),
  confidence: (row, { readFirst }) => (readFirst ? <Nothing /> : share(row.ai === 'read' ? row.probability : null)),
  agreement: (row, { readFirst }) => (readFirst ? <Nothing /> : <Agreement row={row} />),
  priors: (row) => row.priors ?? <Nothing />,
  images: (row) => row.images.toLocaleString('en'),
  status: (row) => <Status row={row} />,
  assignee: (row) => (row.assignee ? <Text words={row.assignee} /> : <span className="dim">nobody</span>),
};

function Due({ row }: { row: Row }) {
  const { words, overdue, left } = dueIn(row, useNow());
  if (!row.open) return <span className="dim">{words}</span>;
  return (
    <span className={overdue ? 'worklist-due worklist-overdue' : 'worklist-due'} title={`due ${moment(row.deadline)}`}>
      <svg className="worklist-bar" viewBox="0 0 36 4" aria-hidden="true" focusable="false">
        <rect className="worklist-bar-whole" width="36" height="4" />
        <rect className="worklist-bar-left" width={overdue ? 36 : 36 * left} height="4" />
      </svg>
      {words}
    </span>
  );
}

function Waiting({ row }: { row: Row }) {
  return <span className="dim">{waited(row, useNow())}</span>;
}

function Patient({ row, looks }: { row: Row; looks: Looks }) {
  const name = person(row.patient.name);
  const more = [ageAndSex(row.patient), row.patient.patient_id].filter(Boolean).join(' · ');
  return (
    <span className="worklist-patient">
      {looks.mayOpen ? (
        <Link
          href={`/study/${row.study_id}`}
          tabIndex={looks.selected ? 0 : -1}
          onClick={looks.onOpen}
          title={`${name} ${more}`}
        >
          <bdi>{name}</bdi>
        </Link>
      ) : (
        <bdi title={`${name} ${more}`}>{name}</bdi>
      )}
      <bdi className="dim">{more}</bdi>
    </span>
  );
}

function Finding({ row }: { row: Row }) {
  const { words, isFinding } = firstFinding(row);
  return isFinding ? <Text words={words} /> : <span className="dim">{words}</span>;
}

function Agreement({ row }: { row: Row }) {
  if (row.disputed) return <span className="worklist-disagree">disagree</span>;
  return row.agreement === null ? <Nothing /> : share(row.agreement);
}

function Status({ row }: { row: Row }) {
  const words = standing(row);
  const needsHuman = row.open && (row.ai === 'failed' || row.ai === 'unread');
  return (
    <span className={needsHuman ? 'worklist-failed' : undefined} title={row.problem ?? words}>
      {needsHuman && <span aria-hidden="true">⚠ </span>}
      {words}
    </span>
  );
}

/** Foreign text: its direction stays its own, and all of it shows when one rests on it. */
function Text({ words, dim }: { words: string | null | undefined; dim?: boolean }) {
  const shown = useMemo(() => (words ?? '').trim(), [words]);
  if (!shown) return <Nothing />;
  return (
    <bdi className={dim ? 'dim' : undefined} title={shown}>
      {shown}
    </bdi>
  );
}

function Nothing() {
  return <span className="dim">–</span>;
}
