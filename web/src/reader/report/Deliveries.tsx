import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, changed } from '../../shared/api';
import { Problem } from '../../shared/Problem';
import { moment } from '../../shared/time';
import { useDeliveries } from '../asked';

/** Where the reports went and how far each has come; asked for once it is opened. */
export function Deliveries({ study, may }: { study: string; may: boolean }) {
  const [open, setOpen] = useState(false);
  const told = useDeliveries(study, open);
  const sending = useMutation({
    mutationFn: (destination: string) =>
      api.post('/api/v1/studies/{study_id}/deliveries', { path: { study_id: study }, body: { destination } }),
    onSettled: () => changed(study),
  });
  const rows = told.data ?? [];
  const destinations = [...new Set(rows.map((one) => one.destination))];
  return (
    <details className="reader-fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Where it went</summary>
      {told.isError && <Problem problem={told.error} retry={() => void told.refetch()} />}
      {sending.isError && <Problem problem={sending.error} />}
      {told.data?.length === 0 && <p className="meta">No report of this study has gone anywhere.</p>}
      <ul>
        {rows.map((one) => (
          <li key={`${one.report_id}${one.destination}`} className="meta">
            {one.status} to <strong>{one.destination}</strong>: {one.state}, {moment(one.at)}
            {one.attempts > 1 && `, ${one.attempts} attempts`}
            {one.problem && `, ${one.problem}`}
          </li>
        ))}
      </ul>
      {may && (
        <div className="row">
          {destinations.map((destination) => (
            <button
              key={destination}
              type="button"
              disabled={sending.isPending}
              onClick={() => sending.mutate(destination)}
            >
              Send again to {destination}
            </button>
          ))}
        </div>
      )}
    </details>
  );
}
