import { useEffect, useRef } from 'react';
import { Field } from '../login/Field';
import type { Given, Wrong } from './told';

interface Step {
  given: Given;
  wrong: Wrong;
  change: (changed: Partial<Given>) => void;
}

/** Step 1: whoever can read the service's output may set it up. */
export function Code({ given, wrong, change }: Step) {
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <fieldset className="card">
      <legend>1. Prove that the service is yours</legend>
      <Field
        label="Code"
        hint="wetread serve printed it as XXXX-XXXX when it started last."
        problem={wrong.code}
        ref={first}
        name="code"
        className="setup-code"
        autoComplete="one-time-code"
        autoCapitalize="characters"
        spellCheck={false}
        required
        maxLength={100}
        value={given.code}
        onChange={(event) => change({ code: event.target.value })}
      />
    </fieldset>
  );
}

/** Step 2: the first account, which may do everything until there are others. */
export function Account({ given, wrong, change, bounds }: Step & { bounds: { shortest: number; longest: number } }) {
  return (
    <fieldset className="card">
      <legend>2. Make the first account</legend>
      <p className="setup-words">
        It is <strong>radiologist</strong> (reads and signs), <strong>operator</strong> (keeps the service running) and{' '}
        <strong>admin</strong> (makes accounts) at once. Roles can be parted later under Settings.
      </p>
      <div className="setup-two">
        <Field
          label="Login"
          hint="Letters, digits and . _ @ + -"
          problem={wrong.login}
          name="login"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={100}
          value={given.login}
          onChange={(event) => change({ login: event.target.value })}
        />
        <Field
          label="Name (optional)"
          hint="As others see it"
          problem={wrong.name}
          name="name"
          autoComplete="name"
          maxLength={200}
          value={given.name}
          onChange={(event) => change({ name: event.target.value })}
        />
        <Field
          label="Password"
          hint={`At least ${bounds.shortest} characters`}
          problem={wrong.password}
          name="password"
          type="password"
          autoComplete="new-password"
          required
          value={given.password}
          onChange={(event) => change({ password: event.target.value })}
        />
        <Field
          label="The password again"
          hint="So that no slip locks you out"
          problem={wrong.again}
          name="again"
          type="password"
          autoComplete="new-password"
          required
          value={given.again}
          onChange={(event) => change({ again: event.target.value })}
        />
      </div>
    </fieldset>
  );
}

/** Step 3: something to look at. */
export function Demo({ given, change }: Step) {
  return (
    <fieldset className="card">
      <legend>3. Have something to look at</legend>
      <label className="setup-check">
        <input
          type="checkbox"
          name="demo"
          checked={given.demo}
          onChange={(event) => change({ demo: event.target.checked })}
        />
        Send the example studies that ship: chest films, a CT and an MR slice, with invented names
      </label>
      <p className="setup-words dim">
        They come in as any upload does and are read by whichever readers this site has set up; without any, offline.
      </p>
    </fieldset>
  );
}
