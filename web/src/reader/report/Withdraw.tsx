import { useId, useState } from 'react';
import { api, changed } from '../../shared/api';
import { Confirm } from '../../shared/Confirm';
import type { ReportView } from '../asked';

/** Take a report back, with a reason; the study then waits for a human again. */
export function Withdraw({ report, close }: { report: ReportView; close: () => void }) {
  const [reason, setReason] = useState('');
  const name = useId();
  const act = async (): Promise<void> => {
    if (reason.trim() === '') throw new Error('Say why it is withdrawn');
    const path = { study_id: report.study_id };
    try {
      const body = { report_id: report.report_id, reason };
      await api.post('/api/v1/studies/{study_id}/report/withdraw', { path, body });
    } finally {
      changed(report.study_id);
    }
  };
  return (
    <Confirm title="Withdraw this report" does="Withdraw it" act={act} onClose={close}>
      <p>
        Wherever the {report.status} report went, its withdrawal goes too. The study waits for a human again, as urgent
        as it was.
      </p>
      <label htmlFor={name}>Reason (it is sent along)</label>
      <input id={name} value={reason} maxLength={500} required onChange={(event) => setReason(event.target.value)} />
    </Confirm>
  );
}
