import { useState } from 'react';
import { api, keys, queries, type Schemas } from '../../shared/api';
import { Confirm } from '../../shared/Confirm';

/** What is about to be done to the line-up. */
export type Acted = { does: 'promote'; run: Schemas['RunView'] } | { does: 'rollback'; slot: string };

/** Asks for the slot and the reason before somebody's place changes; the name of who does it is kept. */
export function Change({ act, onClose }: { act: Acted; onClose: () => void }) {
  const [slot, setSlot] = useState(act.does === 'promote' ? act.run.present : act.slot);
  const [reason, setReason] = useState('');
  const change = async (): Promise<void> => {
    const told = reason.trim();
    if (told.length < 3) throw new Error('Say why: your name and the reason are kept.');
    if (act.does === 'promote')
      await api.post('/api/v1/gate/promote', { body: { run_id: act.run.run_id, slot: slot.trim(), reason: told } });
    else await api.post('/api/v1/gate/rollback', { body: { slot, reason: told } });
    await queries.invalidateQueries({ queryKey: [...keys.evaluation, 'gate'] });
  };
  const promotes = act.does === 'promote';
  return (
    <Confirm
      title={promotes ? `Promote ${act.run.candidate}?` : `Roll back the slot ${act.slot}?`}
      does={promotes ? 'Promote it' : 'Roll it back'}
      act={change}
      onClose={onClose}
    >
      <p>
        {promotes
          ? 'From the next study on it is asked wherever the slot is named.'
          : 'Whoever stood in the slot before stands there again, from the next study on. No gate is asked.'}
      </p>
      <div className="evaluation-form">
        {promotes && (
          <label>
            Slot
            <input type="text" value={slot} maxLength={128} onChange={(event) => setSlot(event.target.value)} />
          </label>
        )}
        <label>
          Reason
          <input type="text" value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </label>
      </div>
    </Confirm>
  );
}
