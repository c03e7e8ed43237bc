import { useQuery } from '@tanstack/react-query';
import { api, keys, type Permission, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';

/** What each role may do, as the service holds it. */
export function Roles() {
  const roles = useQuery({
    queryKey: [...keys.settings, 'roles'],
    queryFn: ({ signal }) => api.get('/api/v1/roles', { signal }),
    staleTime: 3_600_000,
  });
  return (
    <section aria-labelledby="settings-roles">
      <h3 id="settings-roles">What each role may do</h3>
      {roles.isError && <Problem problem={roles.error} retry={() => void roles.refetch()} />}
      {roles.isPending && <p role="status">Loading…</p>}
      {roles.data && <Table roles={roles.data.roles} />}
    </section>
  );
}

function Table({ roles }: { roles: Schemas['RolesView']['roles'] }) {
  const names = Object.keys(roles);
  const granted = roles as Readonly<Record<string, readonly Permission[]>>;
  const permissions = [...new Set(Object.values(granted).flat())].sort();
  return (
    <Scroll name="Table: roles and permissions">
      <table>
        <thead>
          <tr>
            <th scope="col">Permission</th>
            {names.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {permissions.map((one) => (
            <tr key={one}>
              <th scope="row">{one.replaceAll('_', ' ')}</th>
              {names.map((name) => (
                <td key={name} className={granted[name]?.includes(one) ? undefined : 'dim'}>
                  {granted[name]?.includes(one) ? '● yes' : 'no'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
