import { useQuery } from '@tanstack/react-query';
import { api, changed, type Schemas } from '../shared/api';
import { Confirm } from '../shared/Confirm';
import { Problem } from '../shared/Problem';

/** Ask every reader anew, after saying what that would take. */
export function Again({ study, close }: { study: string; close: () => void }) {
  const path = { study_id: study };
  const estimate = useQuery({
    queryKey: ['study', study, 'estimate'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/estimate', { path, signal }),
    staleTime: 60_000,
  });
  const act = async (): Promise<void> => {
    await api.post('/api/v1/studies/{study_id}/reads', { path });
    changed(study);
  };
  return (
    <Confirm title="Ask AI again" does="Ask again" act={act} onClose={close}>
      <p>Every reader is asked anew. The new report replaces the preliminary one, and decisions on it start over.</p>
      {estimate.isPending && <p role="status">Working out what it takes…</p>}
      {estimate.isError && <Problem problem={estimate.error} retry={() => void estimate.refetch()} />}
      {estimate.data && <Figures told={estimate.data} />}
    </Confirm>
  );
}

function Figures({ told }: { told: Schemas['Estimates'] }) {
  return (
    <table>
      <caption className="meta">
        Predicted: {dollars(told.usd)}
        {told.usd_at_most !== null && told.usd_at_most > 0 && `, at most ${dollars(told.usd_at_most)}`}
      </caption>
      <thead>
        <tr>
          <th scope="col">Reader</th>
          <th scope="col">Tokens in</th>
          <th scope="col">Tokens out</th>
          <th scope="col">Costs</th>
        </tr>
      </thead>
      <tbody>
        {told.readers.map((one) => (
          <tr key={one.reader}>
            <td>
              {one.reader}
              {one.only_if && <span className="meta"> only if {one.only_if}</span>}
            </td>
            <td className="number">{one.input_tokens ?? '–'}</td>
            <td className="number">{one.output_tokens ?? '–'}</td>
            <td>{one.unknown ?? dollars(one.usd)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function dollars(value: number | null): string {
  if (value === null) return 'not known';
  return value === 0 ? 'nothing' : `$${value.toFixed(value < 0.1 ? 4 : 2)}`;
}
