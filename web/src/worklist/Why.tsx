import { useQuery } from '@tanstack/react-query';
import type { Answer } from '@wetread/client';
import { useState } from 'react';
import { api, keys, usePreferences } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { person } from '../shared/person';
import { moment } from '../shared/time';
import { Urgency } from '../shared/Urgency';
import type { Row } from './words';

/** Why a study stands where it stands: the grounds, and everything that was decided on the way. */
export default function Why({ row, onClose }: { row: Row; onClose: () => void }) {
  const readFirst = usePreferences().preferences['reader.readFirst'] === true;
  const [shown, setShown] = useState(!readFirst && !(row.blinded && row.open));
  return (
    <Dialog title="Why it stands here" onClose={onClose}>
      <p>
        <bdi>{person(row.patient.name)}</bdi> <Urgency priority={row.priority} />
      </p>
      {shown ? (
        <Grounds row={row} />
      ) : (
        <p>
          Read first: the grounds may name what AI found.{' '}
          <button type="button" onClick={() => setShown(true)}>
            Show them all the same
          </button>
        </p>
      )}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function Grounds({ row }: { row: Row }) {
  const { data, error, refetch } = useQuery({
    queryKey: keys.trace(row.study_id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/trace', { path: { study_id: row.study_id }, signal }),
  });
  return (
    <>
      <ul className="worklist-why">
        {row.why.map((ground) => (
          <li key={ground}>
            <bdi>{ground}</bdi>
          </li>
        ))}
      </ul>
      <h3 className="worklist-decided">What was decided</h3>
      {error !== null && <Problem problem={error} retry={() => void refetch()} />}
      {data?.lines.length === 0 && <p className="dim">Nothing yet.</p>}
      {data && data.lines.length > 0 && <Lines lines={data.lines} />}
    </>
  );
}

function Lines({ lines }: { lines: Answer<'/api/v1/studies/{study_id}/trace', 'get'>['lines'] }) {
  return (
    <section className="worklist-trace" aria-label="What was decided" tabIndex={-1}>
      <table>
        <caption className="unseen">What was decided, oldest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added behind
            <tr key={at}>
              <td className="meta worklist-when">{moment(line.at)}</td>
              <td>
                <bdi>{line.text}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
