import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys, type Schemas } from '../shared/api';
import { Confirm } from '../shared/Confirm';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';
import { daysProblem } from './checks';
import { Field } from './Field';

type Token = Schemas['TokenTold'];
const ROLES: readonly Schemas['Role'][] = ['service', 'technologist', 'operator', 'auditor', 'radiologist', 'admin'];

/** What programs log in with. A token is shown once, when it is made. */
export function Tokens() {
  const cache = useQueryClient();
  const [made, setMade] = useState<Schemas['TokenMade'] | null>(null);
  const [ending, setEnding] = useState<Token | null>(null);
  const tokens = useQuery({
    queryKey: [...keys.settings, 'tokens'],
    queryFn: ({ signal }) => api.get('/api/v1/tokens', { signal }),
  });
  const renew = (): void => void cache.invalidateQueries({ queryKey: [...keys.settings, 'tokens'] });
  const end = async (token: Token): Promise<void> => {
    await api.delete('/api/v1/tokens/{token_id}', { path: { token_id: token.token_id } });
    renew();
  };
  return (
    <>
      <h2>Tokens</h2>
      <Create
        done={(token) => {
          setMade(token);
          renew();
        }}
      />
      {tokens.isError && <Problem problem={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.isPending && <p role="status">Loading…</p>}
      {tokens.data?.tokens.length === 0 && <p className="dim">There is no token yet.</p>}
      {tokens.data && tokens.data.tokens.length > 0 && <Table tokens={tokens.data.tokens} end={setEnding} />}
      {made && <Made made={made} onClose={() => setMade(null)} />}
      {ending && (
        <Confirm
          title={`Revoke ${ending.label || 'this token'}?`}
          does="Revoke"
          act={() => end(ending)}
          onClose={() => setEnding(null)}
        >
          <p>It opens nothing from now on. The program that uses it stops working until it is given another.</p>
        </Confirm>
      )}
    </>
  );
}

function Create({ done }: { done: (token: Schemas['TokenMade']) => void }) {
  const [label, setLabel] = useState('');
  const [role, setRole] = useState<Schemas['Role']>('service');
  const [days, setDays] = useState('');
  const wrong = daysProblem(days);
  const making = useMutation({
    mutationFn: () => api.post('/api/v1/tokens', { body: { role, label, days: days === '' ? null : Number(days) } }),
    onSuccess: (token) => {
      setLabel('');
      setDays('');
      done(token);
    },
    gcTime: 0, // the answer holds the token
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrong === null) making.mutate();
  };
  return (
    <form onSubmit={submit} className="settings-inline" aria-label="Make a token">
      <Field label="For what" maxLength={100} value={label} onChange={(event) => setLabel(event.target.value)} />
      <label className="settings-field">
        Role
        <select value={role} onChange={(event) => setRole(event.target.value as Schemas['Role'])}>
          {ROLES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <Field
        label="Good for days"
        inputMode="numeric"
        hint="empty: until it is revoked"
        problem={wrong}
        value={days}
        onChange={(event) => setDays(event.target.value.trim())}
      />
      <button type="submit" className="primary" disabled={making.isPending}>
        Make a token
      </button>
      {making.isError && <Problem problem={making.error} />}
    </form>
  );
}

function Made({ made, onClose }: { made: Schemas['TokenMade']; onClose: () => void }) {
  const [told, setTold] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(made.token);
      setTold('copied');
    } catch {
      setTold('the browser does not let a page copy here; select the text instead');
    }
  };
  return (
    <Dialog title="The new token" onClose={onClose}>
      <p>It is shown this once. Whoever holds it may do what the role {made.role} may do.</p>
      <label>
        Token
        <input className="settings-token" readOnly value={made.token} onFocus={(event) => event.target.select()} />
      </label>
      <div className="row">
        <button type="button" onClick={() => void copy()}>
          Copy
        </button>
        <span role="status">{told}</span>
        <span className="grow" />
        <button type="button" className="primary" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}

function Table({ tokens, end }: { tokens: readonly Token[]; end: (token: Token) => void }) {
  return (
    <Scroll name="Table: tokens">
      <table>
        <thead>
          <tr>
            <th scope="col">For what</th>
            <th scope="col">Role</th>
            <th scope="col">State</th>
            <th scope="col">Made</th>
            <th scope="col">By</th>
            <th scope="col">Good until</th>
            <th scope="col">Last used</th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((one) => (
            <tr key={one.token_id} data-token={one.token_id}>
              <th scope="row">{one.label || 'no words'}</th>
              <td>{one.role}</td>
              <td>{state(one)}</td>
              <td>{moment(one.created_at)}</td>
              <td>{one.created_by}</td>
              <td>{one.until ? moment(one.until) : 'no end'}</td>
              <td>{one.seen_at ? moment(one.seen_at) : 'never'}</td>
              <td>
                {one.revoked_at === null && (
                  <button type="button" onClick={() => end(one)} aria-label={`Revoke ${one.label || one.token_id}`}>
                    Revoke…
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function state(one: Token): string {
  if (one.revoked_at !== null) return `⊘ revoked ${moment(one.revoked_at)}`;
  return one.until !== null && Date.parse(one.until) < Date.now() ? '⊘ ended' : '● good';
}
