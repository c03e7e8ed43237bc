import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { span } from '../shared/time';
import { Urgency } from '../shared/Urgency';
import { tables, text } from './tables';

/** How soon each urgency is due, and how long anything may wait in any case. */
export function Urgencies() {
  const urgency = useQuery({
    queryKey: [...keys.settings, 'urgency'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/urgency', { signal }),
  });
  return (
    <>
      <h2>Urgency and service levels</h2>
      <p className="meta">
        This page shows them; the files that <code>policy_file</code> and <code>worklist_file</code> name change them.
        Service levels that raise an alarm stand under Service, <code>[service.alerts]</code>.
      </p>
      {urgency.isError && <Problem problem={urgency.error} retry={() => void urgency.refetch()} />}
      {urgency.isPending && <p role="status">Loading…</p>}
      {urgency.data && <Told told={urgency.data} />}
    </>
  );
}

function Told({ told }: { told: Schemas['UrgencyView'] }) {
  const priorities = Object.keys(told.target_min) as Schemas['Priority'][];
  return (
    <>
      <p>
        Policy {told.policy_version}, signed off by {told.signed_off_by ?? 'nobody yet'}.
      </p>
      <Scroll name="Table: urgencies">
        <table>
          <thead>
            <tr>
              <th scope="col">Urgency</th>
              <th scope="col">Its word here</th>
              <th scope="col">A human should act within</th>
            </tr>
          </thead>
          <tbody>
            {priorities.map((one) => (
              <tr key={one}>
                <th scope="row">
                  <Urgency priority={one} />
                </th>
                <td>{told.labels[one] ?? '–'}</td>
                <td>{told.target_min[one] ? span(told.target_min[one] * 60) : 'no time of its own'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <h3>Caps of waiting</h3>
      <p className="meta">However low its urgency, a study that waited this long comes to the top.</p>
      {tables(told.waiting, 'waiting').map((table) => (
        <dl className="settings-facts" key={table.name}>
          {table.rows.map((row) => (
            <div key={row.key}>
              <dt>{table.name.endsWith('cap_min') ? row.key : row.key.replaceAll('_', ' ')}</dt>
              <dd>{table.name.endsWith('cap_min') ? span(Number(row.value) * 60) : text(row.value)}</dd>
            </div>
          ))}
        </dl>
      ))}
    </>
  );
}
