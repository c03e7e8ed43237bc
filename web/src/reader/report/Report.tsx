import { useState } from 'react';
import { moment } from '../../shared/time';
import type { Reading } from '../useReading';
import { isWithdrawn } from '../words';
import { Deliveries } from './Deliveries';
import { Editor } from './Editor';
import { SignedReport } from './SignedReport';
import { Told } from './Told';
import { Withdraw } from './Withdraw';

/** The report: written while it is open, locked once it is signed, with who was told and where it went. */
export function Report({ reading }: { reading: Reading }) {
  const { report, signed, may, first } = reading;
  const [withdrawing, setWithdrawing] = useState(false);
  const standing = report.at !== null && report.status !== 'rejected';
  return (
    <>
      {isWithdrawn(report) && (
        <p className="reader-warning" role="note">
          <strong>The report before this was withdrawn.</strong>
          <span className="reader-words">{reading.study.problem}</span>
        </p>
      )}
      {signed ? <SignedReport reading={reading} /> : <Editor reading={reading} />}
      <Told study={reading.study} report={report} may={may.ever} hidden={first.hidden} />
      <Deliveries study={reading.study.study_id} may={may.change} />
      <History reading={reading} />
      {may.amend && standing && !first.hidden && (
        <button type="button" onClick={() => setWithdrawing(true)}>
          Withdraw this report…
        </button>
      )}
      {withdrawing && <Withdraw report={report} close={() => setWithdrawing(false)} />}
    </>
  );
}

function History({ reading }: { reading: Reading }) {
  const past = reading.report.history;
  if (past.length === 0 || reading.first.hidden) return null;
  return (
    <details className="reader-fold">
      <summary>Reports of this study ({past.length})</summary>
      <ul>
        {past.map((one) => (
          <li key={one.report_id} className="meta">
            {moment(one.at)} · {one.status} · {one.priority} · version {one.version} of the images
            {one.superseded_at ? ` · replaced ${moment(one.superseded_at)}` : ' · stands'}
          </li>
        ))}
      </ul>
    </details>
  );
}
