import { useState } from 'react';
import type { Schemas } from '../shared/api';
import { Scroll } from '../shared/Scroll';
import { type Difference, difference, type Panel, PRESENCE, probability, type Row, silence, strongest } from './matrix';

const MARKS: Record<Difference, string> = {
  agreed: '=',
  missed: '−',
  'not confirmed': '✕',
  changed: '≈',
  'not said': '·',
};

/** Finding × reader. What a reader did not answer is said, never shown as "nothing found". */
export function Matrix({
  rows,
  reads,
  signed,
}: {
  rows: readonly Row[];
  reads: readonly Schemas['ReadView'][];
  signed: boolean;
}) {
  const [all, setAll] = useState(false);
  const seen = rows.filter(spoken);
  const shown = all ? rows : seen;
  return (
    <section aria-labelledby="compare-matrix">
      <div className="row">
        <h2 id="compare-matrix">Findings by reader</h2>
        <label className="compare-check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> also what nobody
          sees: {rows.length - seen.length} findings that are absent or not assessable for every reader
        </label>
      </div>
      <Scroll name="Table: findings by reader">
        <table className="compare-matrix">
          <thead>
            <tr>
              <th scope="col">Finding</th>
              {reads.map((one) => (
                <th scope="col" key={one.read_id}>
                  {one.reader.name}
                  {!one.answered && <span className="compare-failed"> ⊘ {silence(one)}</span>}
                  <span className="compare-version">version {one.reader.version}</span>
                </th>
              ))}
              <th scope="col">{signed ? 'Panel, before the signature' : 'Panel'}</th>
              {signed && <th scope="col">Signed report</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Line key={row.code} row={row} reads={reads} signed={signed} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {shown.length === 0 && <p>No reader that answered says that anything is or may be there.</p>}
    </section>
  );
}

function spoken(row: Row): boolean {
  const all = [...row.said.flat(), ...(row.signed ? [row.signed] : [])];
  return all.some((one) => one.presence === 'present' || one.presence === 'uncertain');
}

function Line({ row, reads, signed }: { row: Row; reads: readonly Schemas['ReadView'][]; signed: boolean }) {
  return (
    <tr data-code={row.code} className={row.disputed ? 'compare-disputed' : undefined}>
      <th scope="row">
        {row.label}
        {row.disputed && <span className="compare-flag">↔ readers disagree</span>}
        {row.added && <span className="compare-flag">+ only the human told it</span>}
      </th>
      {reads.map((one, at) => (
        <td key={one.read_id}>
          <Cell read={one} said={row.said[at] ?? []} signed={row.signed} />
        </td>
      ))}
      <td>{row.panel ? <PanelCell panel={row.panel} /> : <span className="dim">not joined</span>}</td>
      {signed && <td>{row.signed ? <Said finding={row.signed} /> : <span className="dim">not in the report</span>}</td>}
    </tr>
  );
}

function Cell({
  read,
  said,
  signed,
}: {
  read: Schemas['ReadView'];
  said: readonly Schemas['Finding'][];
  signed: Schemas['Finding'] | null;
}) {
  if (silence(read) === 'not asked') return <span className="dim">⊘ not asked</span>;
  if (!read.answered) return <span className="compare-failed">⊘ did not read</span>;
  const against = difference(strongest(said), signed);
  return (
    <>
      {said.length === 0 && <span className="dim">not said</span>}
      {said.map((one) => (
        <Said key={`${one.presence}-${one.laterality}-${one.location}-${one.probability}`} finding={one} />
      ))}
      {against && (
        <span className={`compare-difference compare-${against.replace(' ', '-')}`}>
          {MARKS[against]} {against}
        </span>
      )}
    </>
  );
}

/** Presence as shape and word, then what goes with it. */
function Said({ finding }: { finding: Schemas['Finding'] }) {
  const look = PRESENCE[finding.presence];
  const more = [probability(finding), finding.laterality, finding.location, finding.severity].filter(Boolean);
  return (
    <span className={`compare-said compare-${finding.presence}`}>
      <span aria-hidden="true">{look.shape}</span> <b>{look.word}</b>
      {more.length > 0 && <span className="compare-more"> {more.join(' · ')}</span>}
    </span>
  );
}

function PanelCell({ panel }: { panel: Panel }) {
  const votes = (['present', 'uncertain', 'absent'] as const).filter((name) => panel[name].length > 0);
  return (
    <>
      {panel.finding && <Said finding={panel.finding} />}
      <span className="compare-votes">
        {votes.map((name) => `${name}: ${panel[name].join(', ')}`).join('; ') || 'no reader'}
      </span>
    </>
  );
}
