import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Field } from './Field';

/** Who a pseudonym stands for: asked with a reason, told once, gone when the page is left. */
export function Reidentify() {
  const [pseudonym, setPseudonym] = useState('');
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const asking = useMutation({
    mutationFn: () => api.post('/api/v1/reidentify', { body: { pseudonym: pseudonym.trim(), reason: reason.trim() } }),
    gcTime: 0, // the answer names a patient
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (pseudonym.trim() !== '' && reason.trim() !== '') asking.mutate();
  };
  return (
    <>
      <h2>Who a pseudonym stands for</h2>
      <p className="meta">
        Your question and its reason stay in the audit for good, whatever the answer. Do not name the patient in the
        reason.
      </p>
      <form onSubmit={submit} className="settings-form" noValidate>
        <Field
          label="Pseudonym"
          autoComplete="off"
          value={pseudonym}
          problem={checked && pseudonym.trim() === '' ? 'which pseudonym?' : null}
          onChange={(event) => setPseudonym(event.target.value)}
        />
        <Field
          label="Why you must know"
          autoComplete="off"
          value={reason}
          problem={checked && reason.trim() === '' ? 'a reason is needed' : null}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="row">
          <button type="submit" className="primary" disabled={asking.isPending}>
            Ask
          </button>
        </div>
      </form>
      {asking.isError && <Problem problem={asking.error} />}
      {asking.data && <Answer told={asking.data.originals} forget={() => asking.reset()} />}
    </>
  );
}

function Answer({ told, forget }: { told: readonly { kind: string; original: string }[]; forget: () => void }) {
  return (
    <section className="card" aria-label="The answer">
      <dl className="settings-facts">
        {told.map((one) => (
          <div key={`${one.kind} ${one.original}`}>
            <dt>{one.kind}</dt>
            <dd dir="auto">{one.original}</dd>
          </div>
        ))}
      </dl>
      {told.length === 0 && <p>The crosswalk does not know this pseudonym.</p>}
      <button type="button" onClick={forget}>
        Take it off the screen
      </button>
    </section>
  );
}
