import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { tables } from './tables';

const WHERE =
  'This page shows them; wetread.toml changes them, or the variable named beside each key, which wins. Then restart.';

/** The service's settings: nodes, listener, completeness, flow, people, alerts, retention, destinations, sources. */
export function Service() {
  const told = useQuery({
    queryKey: [...keys.settings, 'service'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/service', { signal }),
  });
  return <Section title="Service" prefix="service" told={told} />;
}

/** Which readers there are, how they are asked together, whose vote counts how much, and what may be spent. */
export function Readers() {
  const told = useQuery({
    queryKey: [...keys.settings, 'readers'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/readers', { signal }),
  });
  return <Section title="Readers and panels" prefix="" told={told} />;
}

/** What the studies are, and what follows for what may leave the house. */
export function Egress() {
  const told = useQuery({
    queryKey: [...keys.settings, 'egress'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/egress', { signal }),
  });
  return <Section title="What may leave" prefix="egress" told={told} />;
}

interface Asked {
  data: Schemas['SettingsView'] | undefined;
  error: unknown;
  isError: boolean;
  refetch: () => unknown;
}

function Section({ title, prefix, told }: { title: string; prefix: string; told: Asked }) {
  return (
    <>
      <h2>{title}</h2>
      <p className="meta">{WHERE}</p>
      {told.isError && <Problem problem={told.error} retry={() => void told.refetch()} />}
      {!told.isError && !told.data && <p role="status">Loading…</p>}
      {told.data &&
        tables(told.data.values, prefix).map((table) => (
          <section key={table.name} aria-labelledby={`settings-${table.name}`}>
            <h3 id={`settings-${table.name}`}>
              <code>{table.name === '' ? 'at the top of the file' : `[${table.name}]`}</code>
            </h3>
            <Scroll name={`Table: ${table.name || 'top of the file'}`}>
              <table className="settings-values">
                <thead>
                  <tr>
                    <th scope="col">Key</th>
                    <th scope="col">Value</th>
                    <th scope="col">Variable</th>
                  </tr>
                </thead>
                <tbody>
                  {table.rows.map((row) => (
                    <tr key={row.key}>
                      <th scope="row">
                        <code>{row.key}</code>
                      </th>
                      <td className={row.value === 'not set' ? 'dim' : undefined}>{row.value}</td>
                      <td>
                        <code className="dim">{row.environment}</code>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </section>
        ))}
    </>
  );
}
