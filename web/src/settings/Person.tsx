import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, type Schemas } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { loginProblem, PASSWORD_HINT, passwordProblem } from './checks';
import { Field } from './Field';

type User = Schemas['UserTold'];
type Role = Schemas['Role'];
const ROLES: readonly Role[] = ['radiologist', 'technologist', 'operator', 'auditor', 'admin'];

type Wrong = Record<'login' | 'password' | 'roles', string | null>;
const NOTHING_WRONG: Wrong = { login: null, password: null, roles: null };

interface Typed {
  login: string;
  name: string;
  password: string;
  roles: readonly Role[];
  active: boolean;
}

/** Add a person, or change one. Only what was changed is sent; nothing typed is lost where the service refuses. */
export function Person({
  user,
  done,
  onClose,
}: {
  user: User | null;
  done: (words: string) => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState<Typed>({
    login: user?.login ?? '',
    name: user?.name ?? '',
    password: '',
    roles: user?.roles ?? [],
    active: user?.active ?? true,
  });
  const [checked, setChecked] = useState(false);
  const saving = useMutation({
    mutationFn: () => save(user, typed),
    onSuccess: (saved) => {
      done(user ? `${saved.login} was changed.` : `${saved.login} may log in now.`);
      onClose();
    },
  });
  const wrong = problems(user, typed);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(wrong).every((one) => one === null)) saving.mutate();
  };
  return (
    <Dialog title={user ? `Change ${user.login}` : 'Add a person'} onClose={onClose}>
      <form onSubmit={submit} className="settings-form" noValidate>
        <Fields
          user={user}
          typed={typed}
          wrong={checked ? wrong : NOTHING_WRONG}
          set={(more) => setTyped({ ...typed, ...more })}
        />
        {saving.isError && <Problem problem={saving.error} />}
        <div className="row">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="primary" disabled={saving.isPending}>
            {user ? 'Save' : 'Add'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Fields({
  user,
  typed,
  wrong,
  set,
}: {
  user: User | null;
  typed: Typed;
  wrong: Wrong;
  set: (changed: Partial<Typed>) => void;
}) {
  return (
    <>
      {!user && (
        <Field
          label="Login"
          autoComplete="off"
          value={typed.login}
          problem={wrong.login}
          onChange={(event) => set({ login: event.target.value })}
        />
      )}
      <Field
        label="Name"
        autoComplete="off"
        value={typed.name}
        onChange={(event) => set({ name: event.target.value })}
      />
      <RoleBoxes roles={typed.roles} problem={wrong.roles} set={(roles) => set({ roles })} />
      {user?.foreign ? (
        <p className="meta">This person logs in at the identity provider: there is no password here.</p>
      ) : (
        <Field
          label={user ? 'New password (leave empty to keep it)' : 'Password'}
          type="password"
          autoComplete="new-password"
          hint={PASSWORD_HINT}
          value={typed.password}
          problem={wrong.password}
          onChange={(event) => set({ password: event.target.value })}
        />
      )}
      {user && (
        <>
          <label className="settings-check">
            <input type="checkbox" checked={typed.active} onChange={(event) => set({ active: event.target.checked })} />
            may log in
          </label>
          <p className="meta">New roles, a new password or taking the login away end the person's sessions.</p>
        </>
      )}
    </>
  );
}

function RoleBoxes({
  roles,
  problem,
  set,
}: {
  roles: readonly Role[];
  problem: string | null;
  set: (roles: readonly Role[]) => void;
}) {
  const offered = roles.includes('service') ? ([...ROLES, 'service'] as const) : ROLES;
  return (
    <fieldset>
      <legend>Roles</legend>
      {offered.map((role) => (
        <label key={role} className="settings-check">
          <input
            type="checkbox"
            checked={roles.includes(role)}
            onChange={(event) => set(event.target.checked ? [...roles, role] : roles.filter((one) => one !== role))}
          />
          {role}
        </label>
      ))}
      {problem && (
        <span className="settings-problem" role="alert">
          {problem}
        </span>
      )}
    </fieldset>
  );
}

function problems(user: User | null, typed: Typed): Wrong {
  const keeps = user !== null && typed.password === '';
  return {
    login: user ? null : loginProblem(typed.login),
    password: keeps ? null : passwordProblem(typed.password),
    roles: typed.roles.length === 0 ? 'at least one role' : null,
  };
}

function save(user: User | null, typed: Typed): Promise<User> {
  if (user === null) {
    const { login, name, password, roles } = typed;
    return api.post('/api/v1/users', { body: { login: login.trim(), name, password, roles: [...roles] } });
  }
  const same = [...user.roles].sort().join() === [...typed.roles].sort().join();
  return api.patch('/api/v1/users/{user_id}', {
    path: { user_id: user.user_id },
    body: {
      ...(typed.name !== user.name && typed.name !== '' ? { name: typed.name } : {}),
      ...(same ? {} : { roles: [...typed.roles] }),
      ...(typed.active === user.active ? {} : { active: typed.active }),
      ...(typed.password === '' ? {} : { password: typed.password }),
    },
  });
}
