import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys, type Schemas } from '../shared/api';
import { Confirm } from '../shared/Confirm';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';
import { Person } from './Person';
import { Roles } from './Roles';

type User = Schemas['UserTold'];
type Asked = { user: User; way: 'change' | 'end' } | 'new' | null;

/** Who may log in and with which roles. */
export function Users() {
  const cache = useQueryClient();
  const [asked, setAsked] = useState<Asked>(null);
  const [told, setTold] = useState('');
  const users = useQuery({
    queryKey: [...keys.settings, 'users'],
    queryFn: ({ signal }) => api.get('/api/v1/users', { signal }),
  });
  const close = (): void => setAsked(null);
  const done = (words: string): void => {
    setTold(words);
    void cache.invalidateQueries({ queryKey: keys.settings });
  };
  return (
    <>
      <h2>People and roles</h2>
      <div className="row">
        <button type="button" className="primary" onClick={() => setAsked('new')}>
          Add a person…
        </button>
        <span role="status">{told}</span>
      </div>
      {users.isError && <Problem problem={users.error} retry={() => void users.refetch()} />}
      {users.isPending && <p role="status">Loading…</p>}
      {users.data && <Table users={users.data.users} ask={setAsked} />}
      {asked === 'new' && <Person user={null} done={done} onClose={close} />}
      {asked !== null && asked !== 'new' && asked.way === 'change' && (
        <Person user={asked.user} done={done} onClose={close} />
      )}
      {asked !== null && asked !== 'new' && asked.way === 'end' && (
        <End user={asked.user} done={done} onClose={close} />
      )}
      <Roles />
    </>
  );
}

function Table({ users, ask }: { users: readonly User[]; ask: (asked: Asked) => void }) {
  return (
    <Scroll name="Table: people">
      <table>
        <thead>
          <tr>
            <th scope="col">Login</th>
            <th scope="col">Name</th>
            <th scope="col">Roles</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {users.map((one) => (
            <tr key={one.user_id} data-login={one.login}>
              <th scope="row">{one.login}</th>
              <td dir="auto">{one.name || '–'}</td>
              <td>{one.roles.join(', ') || 'none'}</td>
              <td>{state(one)}</td>
              <td>{moment(one.created_at)}</td>
              <td>
                <div className="row">
                  <button
                    type="button"
                    onClick={() => ask({ user: one, way: 'change' })}
                    aria-label={`Change ${one.login}`}
                  >
                    Change…
                  </button>
                  <button
                    type="button"
                    onClick={() => ask({ user: one, way: 'end' })}
                    aria-label={`Log out ${one.login}`}
                  >
                    Log out…
                  </button>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function state(one: User): string {
  const told = [
    one.active ? '● may log in' : '⊘ may not log in',
    one.foreign && 'at the identity provider',
    one.locked_until && Date.parse(one.locked_until) > Date.now() && `locked until ${moment(one.locked_until)}`,
  ];
  return told.filter(Boolean).join(', ');
}

function End({ user, done, onClose }: { user: User; done: (words: string) => void; onClose: () => void }) {
  const act = async (): Promise<void> => {
    const ended = await api.delete('/api/v1/users/{user_id}/sessions', { path: { user_id: user.user_id } });
    done(`${ended.sessions} sessions of ${user.login} have ended.`);
  };
  return (
    <Confirm title={`Log ${user.login} out everywhere?`} does="Log out everywhere" act={act} onClose={onClose}>
      <p>Every session ends at once. What was saved stays; words that were not saved stay in that browser.</p>
    </Confirm>
  );
}
