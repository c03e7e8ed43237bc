import { useState } from 'react';
import { Problem } from '../shared/Problem';
import { moment } from '../shared/time';
import { useAudit } from './asked';
import { auditWords, isLook } from './auditWords';

/** Who changed the study and, on request, who looked at it, the newest first. */
export function Audit({ study }: { study: string }) {
  const audit = useAudit(study);
  const [looks, setLooks] = useState(false);
  if (audit.isError) return <Problem problem={audit.error} retry={() => void audit.refetch()} />;
  if (!audit.data) return <p role="status">Loading…</p>;
  const lines = audit.data.lines.filter((line) => looks || !isLook(line.action));
  return (
    <table className="reader-audit">
      <caption>
        <label className="reader-check">
          <input type="checkbox" checked={looks} onChange={(event) => setLooks(event.target.checked)} /> Also who looked
        </label>
        <span className="meta">
          {lines.length} of the newest {audit.data.lines.length} lines
        </span>
      </caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.seq}>
            <td className="meta reader-when">{moment(line.at)}</td>
            <td>{line.actor}</td>
            <td className="reader-words">{auditWords(line)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
