import { useState } from 'react';
import { Problem } from '../../shared/Problem';
import { moment } from '../../shared/time';
import { type ReportView, type StudyView, useCommunications } from '../asked';
import { MEANS } from './means';
import { TellForm } from './TellForm';

/** Whom a critical result was told to: a log that only grows. */
export function Told({
  study,
  report,
  may,
  hidden,
}: {
  study: StudyView;
  report: ReportView;
  may: boolean;
  hidden: boolean;
}) {
  const [telling, setTelling] = useState(false);
  const told = useCommunications(study.study_id);
  const lines = told.data?.communications ?? [];
  const wanted = report.priority === 'P1' && told.data !== undefined && lines.length === 0 && !hidden;
  return (
    <section>
      <h2>Told to</h2>
      {told.isError && <Problem problem={told.error} retry={() => void told.refetch()} />}
      {wanted && (
        <p className="reader-warning" role="note">
          <strong>Critical, and nobody is written down as told.</strong>
        </p>
      )}
      {told.data && lines.length === 0 && !wanted && <p className="meta">Nobody is written down as told.</p>}
      <ul className="reader-told">
        {lines.map((one) => (
          <li key={one.communication_id}>
            <p>
              <strong>{one.told_to}</strong>
              {one.role && ` (${one.role})`}, {MEANS[one.means]}, {moment(one.told_at)}
              {one.read_back ? ', read back' : ', not read back'}
            </p>
            <p className="reader-words">{one.words}</p>
            <p className="meta">
              {one.findings.map((code) => report.labels[code] ?? code).join(', ')}
              {one.findings.length > 0 && ' · '}written down by {one.by}
            </p>
          </li>
        ))}
      </ul>
      {may && !telling && (
        <button type="button" onClick={() => setTelling(true)}>
          Write down whom you told…
        </button>
      )}
      {telling && <TellForm study={study} report={report} hidden={hidden} close={() => setTelling(false)} />}
    </section>
  );
}
