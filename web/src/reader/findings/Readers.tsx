import type { ReadView, ReportView, StudyView } from '../asked';
import { aiWarning, notRead } from '../words';

/** What AI did with this study: who read, who did not and why. Silence is never shown as "nothing found". */
export function Readers({
  study,
  report,
  reads,
}: {
  study: StudyView;
  report: ReportView;
  reads: readonly ReadView[];
}) {
  const warning = aiWarning(study, report);
  return (
    <>
      {warning && (
        <p className="reader-warning" role="note">
          <strong>{warning}</strong>
          {study.problem && <span className="reader-words"> {study.problem}</span>}
        </p>
      )}
      <ul className="reader-readers" aria-label="Readers of this study">
        {reads.map((read) => (
          <li key={read.read_id} className="meta" data-answered={notRead(read) === null}>
            <strong>{read.reader.name}</strong> {read.reader.version}: {notRead(read) ?? 'read the images'}
          </li>
        ))}
        {reads.length === 0 && <li className="meta">No reader has answered on this study.</li>}
      </ul>
      <Limits report={report} />
    </>
  );
}

function Limits({ report }: { report: ReportView }) {
  const lines = [
    ...report.limitations.map((one) => ({ key: `${one.code} ${one.text}`, text: one.text })),
    ...report.failures.map((one) => ({ key: one.file, text: `${one.file}: ${one.problem}. ${one.remedy ?? ''}` })),
  ];
  if (lines.length === 0) return null;
  return (
    <details className="reader-fold">
      <summary>Limitations ({lines.length})</summary>
      <ul>
        {lines.map((one) => (
          <li key={one.key} className="meta">
            {one.text}
          </li>
        ))}
      </ul>
    </details>
  );
}
