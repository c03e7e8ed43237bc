import { useMutation } from '@tanstack/react-query';
import { NotLoggedIn } from '@wetread/client';
import { type FormEvent, useState } from 'react';
import { api, keys, queries, usePreferences, useSession } from '../shared/api';
import { words } from '../shared/Problem';
import { PASSWORD_HINT, passwordProblem } from './checks';
import { Field } from './Field';

/** Who I am here, my password, and what the pages remember for me. */
export function Account() {
  const { data } = useSession();
  return (
    <>
      <h2>My account</h2>
      <dl className="settings-facts">
        <dt>Login</dt>
        <dd>{data?.name}</dd>
        <dt>Roles</dt>
        <dd>{data?.roles.join(', ')}</dd>
      </dl>
      <Password />
      <Remembered />
    </>
  );
}

interface Typed {
  present: string;
  wanted: string;
  again: string;
}
const NOTHING: Typed = { present: '', wanted: '', again: '' };

function Password() {
  const [typed, setTyped] = useState<Typed>(NOTHING);
  const [checked, setChecked] = useState(false);
  const changing = useMutation({
    mutationFn: () => api.put('/api/v1/me/password', { body: { present: typed.present, new: typed.wanted } }),
    onSuccess: (session) => {
      setTyped(NOTHING);
      setChecked(false);
      api.forgetSession(); // the session goes on as a new one, with a new CSRF token
      queries.setQueryData(keys.session, session);
    },
  });
  const wanted = passwordProblem(typed.wanted);
  const again = typed.again === typed.wanted ? null : 'it is not the same as above';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (!wanted && !again) changing.mutate();
  };
  const field = (name: keyof Typed) => ({
    type: 'password',
    required: true,
    value: typed[name],
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  });
  return (
    <form onSubmit={submit} aria-labelledby="settings-password" className="settings-form">
      <h3 id="settings-password">Password</h3>
      <Field
        label="Present password"
        autoComplete="current-password"
        problem={refusal(changing.error)}
        {...field('present')}
      />
      <Field
        label="New password"
        autoComplete="new-password"
        hint={PASSWORD_HINT}
        problem={checked ? wanted : null}
        {...field('wanted')}
      />
      <Field
        label="New password again"
        autoComplete="new-password"
        problem={checked ? again : null}
        {...field('again')}
      />
      <div className="row">
        <button type="submit" className="primary" disabled={changing.isPending}>
          Change the password
        </button>
        <span role="status">{changing.isSuccess && !checked && 'Changed. Your other sessions have ended.'}</span>
      </div>
    </form>
  );
}

/** The service's words; without a session the login page comes instead. */
function refusal(problem: unknown): string | null {
  return problem === null || problem instanceof NotLoggedIn ? null : words(problem);
}

function Remembered() {
  const { preferences, known, keep } = usePreferences();
  const [told, setTold] = useState('');
  if (!known) return <p role="status">Loading…</p>;
  const set = async (changed: Record<string, unknown>, done: string): Promise<void> => {
    setTold('');
    try {
      await keep(changed);
      setTold(done);
    } catch (problem) {
      setTold(`Not kept: ${words(problem)}`);
    }
  };
  const chosen = preferences['worklist.columns'] ?? null;
  return (
    <section aria-labelledby="settings-remembered" className="settings-form">
      <h3 id="settings-remembered">What the pages remember for me</h3>
      <label className="settings-check">
        <input
          type="checkbox"
          checked={preferences['reader.readFirst'] === true}
          onChange={(event) =>
            void set(
              { 'reader.readFirst': event.target.checked },
              event.target.checked ? 'AI waits for you.' : 'AI shows at once.',
            )
          }
        />
        Read first: show what AI says only after I wrote my own impression
      </label>
      <p className="meta">The order of the worklist still follows the urgency that AI gave.</p>
      <div className="row">
        <button
          type="button"
          disabled={chosen === null}
          onClick={() => void set({ 'worklist.columns': null }, 'The columns are as they came.')}
        >
          Set the worklist's columns back
        </button>
        <span role="status">{told}</span>
      </div>
    </section>
  );
}
