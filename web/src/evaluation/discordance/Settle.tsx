import { useState } from 'react';
import { api, keys, queries, type Schemas } from '../../shared/api';
import { Confirm } from '../../shared/Confirm';
import { VERDICTS, verdictsOn } from './verdicts';

type Verdict = Schemas['Judgement'];

/** Asks who was right, and why; it stands for every reader that differs on this finding, or for an agreement. */
export function Settle({ row, onClose }: { row: Schemas['Adjudication']; onClose: () => void }) {
  const [verdict, choose] = useState<Verdict | null>(null);
  const [reason, setReason] = useState('');
  const act = async (): Promise<void> => {
    if (verdict === null) throw new Error('Choose a verdict.');
    if (reason.trim() === '') throw new Error('Say why: the reason stands beside the verdict.');
    const path = { adjudication_id: row.adjudication_id };
    await api.post('/api/v1/adjudications/{adjudication_id}', { path, body: { verdict, reason: reason.trim() } });
    await queries.invalidateQueries({ queryKey: keys.evaluation });
  };
  return (
    <Confirm
      title={`${row.label}: ${row.kind === 'agreed' ? 'is it so' : 'who was right'}?`}
      does="Settle it"
      act={act}
      onClose={onClose}
    >
      <p>
        {row.kind === 'agreed'
          ? `AI and the signed report both say ${row.human}. Chance drew this question.`
          : `AI says ${row.ai}, the signed report says ${row.human}.`}
        {row.signed_by_me && ' You signed this report; your verdict is marked so.'}
      </p>
      <div className="evaluation-form">
        <fieldset>
          <legend>Verdict</legend>
          {verdictsOn(row.kind).map((one) => (
            <label key={one} className="row">
              <input type="radio" name="verdict" checked={verdict === one} onChange={() => choose(one)} />
              {VERDICTS[one]}
            </label>
          ))}
        </fieldset>
        <label>
          Reason
          <input type="text" value={reason} maxLength={2000} onChange={(event) => setReason(event.target.value)} />
        </label>
      </div>
    </Confirm>
  );
}
