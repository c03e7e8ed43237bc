import { useSearchParams } from 'wouter';
import { useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Problem } from '../shared/Problem';
import { useReads, useReport, useStudy } from './asked';
import { Desk } from './Desk';
import './reader.css';
import type { Tab } from './useReading';

/** The reading page of one study: pictures, findings, report. Its tab stands in the address. */
export default function Reader({ id }: { id: string }) {
  const study = useStudy(id);
  const report = useReport(id);
  const reads = useReads(id);
  const session = useSession();
  const [search] = useSearchParams();
  if (study.data && report.data && session.data) {
    return (
      <Desk
        me={session.data.name}
        study={study.data}
        report={report.data}
        reads={reads.data ?? []}
        tab={tabOf(search.get('tab'))}
      />
    );
  }
  const failed = study.error ?? report.error;
  return (
    <Frame title="Reading">
      {failed ? (
        <Problem
          problem={failed}
          retry={() => {
            void study.refetch();
            void report.refetch();
          }}
        />
      ) : (
        <p role="status">Loading the study…</p>
      )}
    </Frame>
  );
}

function tabOf(said: string | null): Tab {
  return said === 'report' || said === 'audit' ? said : 'findings';
}
