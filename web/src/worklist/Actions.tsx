import { useMutation, useQuery } from '@tanstack/react-query';
import { Conflict } from '@wetread/client';
import type { FormEvent } from 'react';
import { api, changed, keys, type Schemas, useMay } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { person } from '../shared/person';
import { URGENCY } from '../shared/tokens';
import { Urgency } from '../shared/Urgency';
import type { Row } from './words';

const PRIORITIES = ['P1', 'P2', 'P3', 'P4', 'P5'] as const;

interface Shown {
  row: Row;
  me: string;
  onWhy: () => void;
  onClose: () => void;
}

/** What may be done with a study from the list; each change is refused where somebody else was first. */
export default function Actions({ row, me, onWhy, onClose }: Shown) {
  const may = { open: useMay('study_view'), change: useMay('study_change'), override: useMay('priority_override') };
  const study = useStudy(row, may.open);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSettled: () => changed(row.study_id),
    onSuccess: onClose,
  });
  const path = { study_id: row.study_id };
  const patch = (body: Schemas['StudyChange']): void =>
    mutate(() => api.patch('/api/v1/studies/{study_id}', { path, body, ifMatch: study.etag }));
  return (
    <Dialog title="Actions" onClose={onClose}>
      <p>
        <bdi>{person(row.patient.name)}</bdi> <Urgency priority={study.priority} />{' '}
        <span className="dim">{study.assignee ? `assigned to ${study.assignee}` : 'assigned to nobody'}</span>
      </p>
      {error !== null && <Refusal problem={error} />}
      <div className="row">
        <button type="button" onClick={onWhy} disabled={!may.open}>
          Why it stands here
        </button>
        {may.change && (
          <button
            type="button"
            disabled={isPending}
            onClick={() => patch({ assignee: study.assignee === me ? null : me })}
          >
            {study.assignee === me ? 'Give back' : 'Assign to me'}
          </button>
        )}
        {may.change && study.open && (
          <button
            type="button"
            disabled={isPending}
            onClick={() => mutate(() => api.post('/api/v1/studies/{study_id}/reads', { path }))}
          >
            Ask AI again
          </button>
        )}
      </div>
      {may.change && <Assign disabled={isPending} assign={(assignee) => patch({ assignee })} />}
      {may.override && study.open && <Override disabled={isPending} override={(override) => patch({ override })} />}
      {may.change && (
        <Deliveries
          study={row.study_id}
          disabled={isPending}
          send={(destination) =>
            mutate(() => api.post('/api/v1/studies/{study_id}/deliveries', { path, body: { destination } }))
          }
        />
      )}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

/** The study as it is now: its ETag is the one that a change names. */
function useStudy(row: Row, isAllowed: boolean): Pick<Row, 'etag' | 'priority' | 'assignee' | 'open'> {
  const { data } = useQuery({
    queryKey: [...keys.study(row.study_id), 'standing'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}', { path: { study_id: row.study_id }, signal }),
    enabled: isAllowed,
  });
  return data ?? row;
}

function Refusal({ problem }: { problem: unknown }) {
  if (!(problem instanceof Conflict)) return <Problem problem={problem} />;
  return (
    <p className="card" role="alert">
      Somebody changed this study meanwhile. What stands above is new; nothing of yours was written. Look again, then
      repeat it.
    </p>
  );
}

function Assign({ disabled, assign }: { disabled: boolean; assign: (login: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const login = String(new FormData(event.currentTarget).get('login') ?? '').trim();
    if (login) assign(login);
  };
  return (
    <form className="row worklist-act" onSubmit={submit}>
      <label>
        Assign to (login) <input name="login" required maxLength={64} autoComplete="off" />
      </label>
      <button type="submit" disabled={disabled}>
        Assign
      </button>
    </form>
  );
}

function Override({ disabled, override }: { disabled: boolean; override: (wanted: Schemas['NewOverride']) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const told = new FormData(event.currentTarget);
    const priority = PRIORITIES.find((one) => one === told.get('priority'));
    const reason = String(told.get('reason') ?? '').trim();
    if (priority && reason) override({ priority, reason });
  };
  return (
    <form className="row worklist-act" onSubmit={submit}>
      <label>
        Urgency{' '}
        <select name="priority" required defaultValue="">
          <option value="" disabled>
            choose
          </option>
          {PRIORITIES.map((one) => (
            <option key={one} value={one}>
              {URGENCY[one].word} ({one})
            </option>
          ))}
        </select>
      </label>
      <label className="grow">
        Reason <input name="reason" required maxLength={500} autoComplete="off" className="worklist-reason" />
      </label>
      <button type="submit" disabled={disabled}>
        Set urgency
      </button>
    </form>
  );
}

/** Where the study's reports went, and the way to send the one that stands there again. */
function Deliveries({ study, disabled, send }: { study: string; disabled: boolean; send: (to: string) => void }) {
  const { data } = useQuery({
    queryKey: [...keys.study(study), 'deliveries'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/deliveries', { path: { study_id: study }, signal }),
  });
  const latest = new Map((data ?? []).toReversed().map((one) => [one.destination, one.state]));
  if (!latest.size) return null;
  return (
    <ul className="worklist-kept">
      {[...latest].map(([destination, state]) => (
        <li key={destination} className="row">
          <bdi>{destination}</bdi> <span className="dim">{state}</span>
          <button type="button" disabled={disabled} onClick={() => send(destination)}>
            Send the report again<span className="unseen"> to {destination}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
