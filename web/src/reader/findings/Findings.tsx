import { Problem } from '../../shared/Problem';
import type { FindingView } from '../asked';
import type { Reading } from '../useReading';
import { Card } from './Card';
import { Checked } from './Checked';
import { Readers } from './Readers';

/** The findings, one card each, with everything that AI said and did not say; while one reads first, only that it is hidden. */
export function Findings({ reading }: { reading: Reading }) {
  const { findings, report, study, reads, may, first } = reading;
  const edit = may.decide ? reading.edit : undefined;
  const acts = may.decide
    ? {
        select: reading.show,
        accept: (view: FindingView) => findings.decide(view, 'accept'),
        reject: (view: FindingView) => findings.decide(view, 'reject'),
        edit: reading.edit,
      }
    : { select: reading.show };
  if (first.hidden) return <Hidden reading={reading} />;
  return (
    <>
      <Readers study={study} report={report} reads={reads} />
      {findings.problem !== null && <Problem problem={findings.problem} />}
      <div className="row">
        <h2>Findings ({findings.cards.length})</h2>
        <span className="grow" />
        {may.decide && (
          <button type="button" onClick={reading.add}>
            Add a finding (+)
          </button>
        )}
      </div>
      <ul className="reader-findings">
        {findings.cards.map((view) => (
          <Card
            key={view.finding_id}
            view={view}
            selected={view.finding_id === findings.selected?.finding_id}
            acts={acts}
          />
        ))}
      </ul>
      {findings.cards.length === 0 && <p className="dim">{nothing(study.ai === 'read')}</p>}
      <p role="status" className="meta">
        {left(report.undecided.length, findings.cards.length, report.signature !== null)}
      </p>
      <Checked rest={findings.rest} report={report} edit={edit} />
    </>
  );
}

function Hidden({ reading }: { reading: Reading }) {
  const written = reading.draft.writing.text.trim() !== '';
  return (
    <div className="card">
      <h2>You read first</h2>
      <p>What AI said about this study is hidden until you ask for it. The list still stands in order of urgency.</p>
      {!written && <p className="meta">Write your own impression first, on the Report tab; or look without one.</p>}
      {reading.may.write ? (
        <button type="button" id="reader-reveal" className="primary" onClick={reading.reveal}>
          {written ? 'My impression is written: show what AI said' : 'Show what AI said'}
        </button>
      ) : (
        <p className="meta">To see it, switch “Read first” off.</p>
      )}
    </div>
  );
}

function nothing(read: boolean): string {
  return read
    ? 'AI called none of the findings that it checked. What it did not check is listed below.'
    : 'No findings: nobody has read these images.';
}

function left(open: number, all: number, signed: boolean): string {
  if (signed || all === 0) return '';
  return open === 0 ? 'Every finding is decided.' : `${open} of ${all} findings wait for your decision.`;
}
