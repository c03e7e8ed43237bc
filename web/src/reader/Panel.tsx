import type { KeyboardEvent } from 'react';
import { moment } from '../shared/time';
import { Audit } from './Audit';
import { Findings } from './findings/Findings';
import { Report } from './report/Report';
import { type HeatChoice, Tools } from './Tools';
import type { Overlays } from './useReaderKeys';
import type { Reading, Tab } from './useReading';

const NAMES: Record<Tab, string> = { findings: 'Findings', report: 'Report', audit: 'Audit' };

/** The words beside the pictures: findings, report, audit; above them who holds the study and what to beware of. */
export function Panel({ reading, overlays, heat }: { reading: Reading; overlays: Overlays; heat: HeatChoice }) {
  const { tab, report, study, may, first } = reading;
  const open = tab === 'audit' && (!may.change || first.hidden) ? 'findings' : tab;
  return (
    <section className="reader-panel" aria-label="Findings and report">
      <Tools reading={reading} overlays={overlays} heat={heat} />
      <Holder reading={reading} />
      {report.outdated && (
        <p className="reader-warning" role="note">
          <strong>Images came after this report was made.</strong> It speaks of version {report.version} of the images;
          there are newer ones (version {study.version}).
        </p>
      )}
      <Tabs reading={reading} open={open} />
      <div
        role="tabpanel"
        id="reader-page"
        aria-labelledby={`reader-tab-${open}`}
        className="reader-page"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reachable by keyboard
        tabIndex={0}
      >
        {open === 'findings' && <Findings reading={reading} />}
        {open === 'report' && <Report reading={reading} />}
        {open === 'audit' && <Audit study={study.study_id} />}
      </div>
    </section>
  );
}

function Tabs({ reading, open }: { reading: Reading; open: Tab }) {
  const { may, first, report, setTab, aim } = reading;
  const tabs: Tab[] = may.change && !first.hidden ? ['findings', 'report', 'audit'] : ['findings', 'report'];
  const pressed = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(open) + by + tabs.length) % tabs.length] ?? open;
    setTab(next);
    aim(`reader-tab-${next}`);
  };
  const count = first.hidden || report.undecided.length === 0 ? '' : ` (${report.undecided.length} open)`;
  return (
    <div role="tablist" aria-label="Findings and report" className="reader-tabs">
      {tabs.map((tab) => (
        <button
          key={tab}
          id={`reader-tab-${tab}`}
          type="button"
          role="tab"
          aria-selected={tab === open}
          aria-controls="reader-page"
          tabIndex={tab === open ? 0 : -1}
          onClick={() => setTab(tab)}
          onKeyDown={pressed}
        >
          {NAMES[tab]}
          {tab === 'findings' && count}
        </button>
      ))}
    </div>
  );
}

function Holder({ reading }: { reading: Reading }) {
  const { hold, may, takeOver, draft, signed } = reading;
  if (!may.ever) return <p className="meta reader-strip">You may look at this study, not report on it.</p>;
  if (signed || hold.state === 'mine' || hold.state === 'none') return null;
  if (hold.state === 'asking') return <p className="meta reader-strip">Taking the study…</p>;
  const words = {
    theirs:
      hold.state === 'theirs' ? `${hold.holder} works on this study until ${moment(hold.until)}. You can read it.` : '',
    free: 'Nobody works on this study any more.',
    lost: hold.state === 'lost' ? `You do not hold this study: ${hold.problem}` : '',
  }[hold.state];
  const unsaved = draft.writing.text !== draft.writing.saved;
  return (
    <div className="reader-warning reader-strip" role="status">
      <span>
        <strong>{words}</strong>
        {unsaved && ' Your words are kept in this window, not saved yet.'}
      </span>
      <button type="button" onClick={takeOver}>
        Take over
      </button>
    </div>
  );
}
