import { useState } from 'react';
import { api, keys, queries } from '../../shared/api';
import { Confirm } from '../../shared/Confirm';

const DAY_MS = 86_400_000;

/** Asks from when to when studies are the reader's measure from now on, and why. */
export function Baseline({ reader, onClose }: { reader: string; onClose: () => void }) {
  const [since, setSince] = useState(day(Date.now() - 30 * DAY_MS));
  const [until, setUntil] = useState(day(Date.now()));
  const [reason, setReason] = useState('');
  const act = async (): Promise<void> => {
    if (reason.trim() === '') throw new Error('Say why: the reason stands beside the baseline.');
    const body = { reader, since: `${since}T00:00:00Z`, until: `${until}T00:00:00Z`, reason: reason.trim() };
    await api.post('/api/v1/drift/baseline', { body });
    await queries.invalidateQueries({ queryKey: [...keys.evaluation, 'drift'] });
  };
  return (
    <Confirm title={`A new baseline for ${reader}?`} does="Make it the baseline" act={act} onClose={onClose}>
      <p>Every later look is held against these studies. The baselines before it are kept.</p>
      <div className="evaluation-form">
        <label>
          From (UTC)
          <input type="date" value={since} max={until} onChange={(event) => setSince(event.target.value)} />
        </label>
        <label>
          Until (UTC)
          <input type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
        </label>
        <label>
          Reason
          <input type="text" value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </label>
      </div>
    </Confirm>
  );
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
