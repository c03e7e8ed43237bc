import { Link } from 'wouter';
import { type ReportView, type StudyView, useReads, useReport, useStudy } from '../reader/asked';
import { useReadFirst } from '../reader/readFirst';
import { Frame } from '../shared/Frame';
import { Problem } from '../shared/Problem';
import './print.css';
import { Sheet } from './Sheet';

/** The report as it stands, for paper. Whoever reads first sees it once they have asked for AI's answer. */
export default function Print({ id }: { id: string }) {
  const study = useStudy(id);
  const report = useReport(id);
  const failed = study.error ?? report.error;
  return (
    <Frame title="Report">
      <div className="row print-tools">
        <button type="button" className="primary" onClick={() => window.print()}>
          Print
        </button>
        <Link href={`/study/${id}`}>Back to the pictures</Link>
      </div>
      {failed && <Problem problem={failed} retry={() => void Promise.all([study.refetch(), report.refetch()])} />}
      {!failed && !(study.data && report.data) && <p role="status">Loading the report…</p>}
      {study.data && report.data && <Shown study={study.data} report={report.data} />}
    </Frame>
  );
}

function Shown({ study, report }: { study: StudyView; report: ReportView }) {
  const first = useReadFirst(study, report);
  const reads = useReads(study.study_id);
  if (first.hidden)
    return <p role="note">You read first: what AI said is hidden until you ask for it at the pictures.</p>;
  return <Sheet study={study} report={report} reads={reads.data ?? []} />;
}
