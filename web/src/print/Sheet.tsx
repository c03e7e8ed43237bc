import type { FindingView, ReadView, ReportView, StudyView } from '../reader/asked';
import { aiWarning, called, details, isRejected, notRead, standing } from '../reader/words';
import { ageAndSex, person } from '../shared/person';
import { moment } from '../shared/time';
import { Urgency } from '../shared/Urgency';
import { byWhom, headline, unsaid } from './words';

/** One report on paper: the banner on every page, whether a human stands behind it, and nothing that was rejected. */
export function Sheet({ study, report, reads }: { study: StudyView; report: ReportView; reads: readonly ReadView[] }) {
  const warning = aiWarning(study, report);
  return (
    <article className="print-sheet" aria-label="Report">
      <div className="print-banner">
        <p>{report.banner}</p>
      </div>
      <div className="print-body">
        <h2>{headline(report, study.problem)}</h2>
        <Facts study={study} />
        <p>
          <Urgency priority={report.priority} word={report.priority_label} />
        </p>
        {warning && report.signature === null && <p className="print-warning">{warning}</p>}
        {report.outdated && <p className="print-warning">Images came after this report was made.</p>}
        <Impression report={report} />
        <Findings report={report} />
        <Rest report={report} reads={reads} />
        <p className="print-small">
          Report {report.report_id}, version {report.version} of the images
          {report.at && `, of ${moment(report.at)}`}. wetread: research and workflow aid; only a human makes a report
          final.
        </p>
      </div>
    </article>
  );
}

function Facts({ study }: { study: StudyView }) {
  const facts: [string, string | null][] = [
    ['Patient', person(study.patient.name)],
    ['Patient id', study.patient.patient_id],
    ['Born', study.patient.birth_date],
    ['Age, sex', ageAndSex(study.patient)],
    ['Study', [study.modalities.join(', '), study.description].filter(Boolean).join(' · ')],
    ['Study date', study.study_date],
    ['Accession', study.accession_number],
    ['Indication', study.indication],
  ];
  return (
    <dl className="print-facts">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Impression({ report }: { report: ReportView }) {
  const final = report.signature !== null;
  return (
    <section>
      <h3>{final ? 'Impression' : 'Impression (AI, preliminary)'}</h3>
      <p className="print-words">{report.impression}</p>
      {!final && report.draft.text !== '' && (
        <>
          <h3>Draft of {report.draft.by}, not signed</h3>
          <p className="print-words">{report.draft.text}</p>
        </>
      )}
      {report.addenda.map((one) => (
        <div key={`${one.at}${one.by}`}>
          <h3>
            Addendum by {one.by}, {moment(one.at)}
          </h3>
          <p className="print-words">{one.text}</p>
        </div>
      ))}
    </section>
  );
}

function Findings({ report }: { report: ReportView }) {
  const shown = [...report.findings, ...report.added].filter(
    (one) => !isRejected(one) && ['present', 'uncertain'].includes(standing(one).presence),
  );
  if (shown.length === 0) return null;
  return (
    <section>
      <h3>Findings</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">Presence</th>
            <th scope="col">Place and detail</th>
            <th scope="col">Said by</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one: FindingView) => (
            <tr key={one.finding_id}>
              <td>{called(one)}</td>
              <td>{standing(one).presence}</td>
              <td>{[details(one), standing(one).rationale].filter(Boolean).join('. ')}</td>
              <td>{byWhom(one, report)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Rest({ report, reads }: { report: ReportView; reads: readonly ReadView[] }) {
  const lists: [string, string[]][] = [
    ['Checked and not seen (this does not make the study normal)', unsaid(report)],
    ['Not assessed by AI', report.not_assessed.map((code) => report.labels[code] ?? code)],
    ['Limitations', report.limitations.map((one) => one.text)],
    ['Could not be used', report.failures.map((one) => `${one.file}: ${one.problem}`)],
    ['Readers', reads.map((one) => `${one.reader.name} ${one.reader.version}: ${notRead(one) ?? 'read the images'}`)],
  ];
  return lists
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => (
      <section key={name}>
        <h3>{name}</h3>
        <p className="print-small print-words">{lines.join('; ')}</p>
      </section>
    ));
}
