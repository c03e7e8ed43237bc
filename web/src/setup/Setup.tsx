import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { welcome } from '../login/Login';
import { api, type Schemas } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Problem } from '../shared/Problem';
import { Account, Code, Demo } from './Steps';
import './setup.css';
import { check, type Given, refused, type Wrong } from './told';

const EMPTY: Given = { code: '', login: '', name: '', password: '', again: '', demo: true };

/** The first start: the code from the service's own output, the first account, example studies. Only once. */
export default function Setup() {
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.get('/api/v1/setup', { signal }),
    gcTime: 0,
  });
  return (
    <Frame title="Set up wetread">
      <div className="setup">
        {setup.isPending && <p role="status">Loading…</p>}
        {setup.isError && <Problem problem={setup.error} retry={() => void setup.refetch()} />}
        {setup.data && !setup.data.needed && <Done />}
        {setup.data?.needed && <Steps rules={setup.data} />}
      </div>
    </Frame>
  );
}

function Done() {
  return (
    <section className="card">
      <h2>The service is set up already</h2>
      <p>
        Somebody has an account here. <Link href="/login">Log in</Link>, or ask an administrator for an account of your
        own.
      </p>
    </section>
  );
}

function Steps({ rules }: { rules: Schemas['SetupNeeded'] }) {
  const [given, setGiven] = useState(EMPTY);
  const [wrong, setWrong] = useState<Wrong>({});
  const [missing, setMissing] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const [, go] = useLocation();
  const bounds = { shortest: rules.password_shortest ?? 12, longest: rules.password_longest ?? 1024 };
  const begin = useMutation({
    mutationFn: () => {
      const { again: _, ...body } = given;
      return api.post('/api/v1/setup', { body });
    },
    onSuccess: (told) => {
      welcome(told);
      if (given.demo && told.arrival_id === null) setMissing(true);
      else go('/', { replace: true });
    },
    onError: (problem) => setWrong(refused(problem)),
  });
  useEffect(() => {
    if (Object.keys(wrong).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [wrong]);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const found = check(given, bounds);
    setWrong(found);
    if (Object.keys(found).length === 0 && !begin.isPending) begin.mutate();
  };
  const change = (changed: Partial<Given>): void => setGiven({ ...given, ...changed });
  if (missing) return <Without />;
  return (
    <form ref={form} className="setup-form" onSubmit={send} noValidate aria-label="Set up wetread">
      <p className="setup-first">Nobody has an account here yet. Three short steps, and this page is shut for ever.</p>
      <Code given={given} wrong={wrong} change={change} />
      <Account given={given} wrong={wrong} change={change} bounds={bounds} />
      <Demo given={given} wrong={wrong} change={change} />
      <p role="alert" className="setup-problem">
        {wrong.form ?? (Object.keys(wrong).length > 0 && 'Something is not right yet; it is told beside its field.')}
      </p>
      <div className="row">
        <button type="submit" className="primary" disabled={begin.isPending}>
          {begin.isPending ? 'Setting up…' : 'Make the account and open the worklist'}
        </button>
      </div>
    </form>
  );
}

function Without() {
  return (
    <section className="card" role="status">
      <h2>Your account is there, the example studies are not</h2>
      <p>
        They could not be written to the data folder; the service's log says why. Send them later with{' '}
        <code>wetread demo --export</code> and an upload. <Link href="/">Open the worklist</Link>
      </p>
    </section>
  );
}
