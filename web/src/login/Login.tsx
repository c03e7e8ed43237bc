import { useMutation, useQuery } from '@tanstack/react-query';
import { Refused } from '@wetread/client';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Redirect, useLocation, useSearch } from 'wouter';
import { api, keys, queries, type Schemas, useSession } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Problem, words } from '../shared/Problem';
import { Field } from './Field';
import './login.css';
import { nextOf } from './next';

/** Logging in, and back to where one was. Where nobody has an account yet the setup comes first. */
export default function Login() {
  const session = useSession();
  const onward = nextOf(useSearch());
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.get('/api/v1/setup', { signal }),
    gcTime: 0, // asked anew each time: it changes once, for ever
  });
  const ways = useQuery({ queryKey: ['ways'], queryFn: ({ signal }) => api.get('/api/v1/login', { signal }) });
  if (session.data) return <Redirect to={onward} replace />;
  if (setup.data?.needed) return <Redirect to="/setup" replace />;
  const broken = setup.error ?? ways.error ?? session.error;
  const again = (): void => void Promise.all([setup.refetch(), ways.refetch(), session.refetch()]);
  const known = setup.data && ways.data && !session.isPending;
  return (
    <Frame title="Log in">
      <div className="login">
        {broken ? <Problem problem={broken} retry={again} /> : !known && <p role="status">Loading…</p>}
        {known && !broken && <Ways ways={ways.data} onward={onward} />}
      </div>
    </Frame>
  );
}

function Ways({ ways, onward }: { ways: Schemas['Ways']; onward: string }) {
  return (
    <>
      {ways.password && <Password onward={onward} />}
      {ways.oidc && (
        <p className="card login-other">
          <a className="login-oidc" href={`${ways.oidc}?next=${encodeURIComponent(onward)}`}>
            Log in at your organisation
          </a>
        </p>
      )}
      {onward !== '/' && <p className="meta">After the login you are back where you were.</p>}
    </>
  );
}

function Password({ onward }: { onward: string }) {
  const first = useRef<HTMLInputElement>(null);
  const secret = useRef<HTMLInputElement>(null);
  const [given, setGiven] = useState({ login: '', password: '' });
  const [capitals, setCapitals] = useState(false);
  const [, go] = useLocation();
  useEffect(() => first.current?.focus(), []);
  const knock = useMutation({
    mutationFn: () => api.post('/api/v1/login', { body: given }),
    onSuccess: (told) => {
      welcome(told);
      go(onward, { replace: true });
    },
    onError: () => {
      setGiven((before) => ({ ...before, password: '' }));
      secret.current?.focus();
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (!knock.isPending) knock.mutate();
  };
  return (
    <form className="card login-form" onSubmit={send} aria-label="Log in with a password">
      {knock.isError && (
        <p role="alert" className="login-problem">
          {refusal(knock.error)}
        </p>
      )}
      <Field
        label="Login"
        ref={first}
        name="login"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        maxLength={100}
        value={given.login}
        onChange={(event) => setGiven({ ...given, login: event.target.value })}
      />
      <Field
        label="Password"
        ref={secret}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        value={given.password}
        onKeyUp={(event) => setCapitals(event.getModifierState('CapsLock'))}
        onChange={(event) => setGiven({ ...given, password: event.target.value })}
      />
      <p className="meta" role="status">
        {capitals && 'Caps Lock is on.'}
      </p>
      <button type="submit" className="primary" disabled={knock.isPending}>
        {knock.isPending ? 'Logging in…' : 'Log in'}
      </button>
    </form>
  );
}

/** A session begins: nothing that the person before saw is left in this tab. */
export function welcome(told: Schemas['SessionTold']): void {
  api.forgetSession();
  queries.removeQueries({ type: 'inactive' });
  queries.setQueryData(keys.session, told);
}

function refusal(problem: unknown): string {
  if (!(problem instanceof Refused)) return words(problem);
  if (problem.status === 401) {
    return 'Login or password is wrong. After several wrong tries an account is locked for some minutes.';
  }
  if (problem.status === 429) return 'Too many tries. Wait a minute, then try again.';
  return words(problem);
}
