import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Problem } from '../../shared/Problem';
import { simulate } from './ask';
import { Waits } from './Waits';

/** What is asked for, with its unit; as the form starts and within which bounds. */
const FIELDS = [
  { id: 'rate_per_hour', name: 'Studies an hour', value: 12, min: 0.1, max: 500, step: 0.1 },
  { id: 'critical', name: 'Critical of 100 studies', value: 10, min: 0.1, max: 99, step: 0.1, percent: true },
  { id: 'sensitivity', name: 'Sensitivity for critical (%)', value: 85, min: 0, max: 100, step: 0.1, percent: true },
  { id: 'specificity', name: 'Specificity (%)', value: 95, min: 0, max: 100, step: 0.1, percent: true },
  { id: 'radiologists', name: 'Radiologists at work', value: 2, min: 1, max: 200, step: 1 },
  { id: 'service_min', name: 'Minutes to read a study', value: 8, min: 0.1, max: 240, step: 0.1 },
] as const;

/** How long studies wait in each order of the list: first come, by AI, by AI with a waiting cap. */
export function Queue() {
  const [source, choose] = useState<'given' | 'site'>('given');
  const run = useMutation({ mutationFn: simulate });
  const shown = FIELDS.filter((field) => source === 'given' || field.id === 'radiologists');
  const ask = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const numbers = shown.map((field) => {
      const value = Number(form.get(field.id));
      return [field.id, 'percent' in field ? value / 100 : value] as const;
    });
    run.mutate({ source, ...Object.fromEntries(numbers) });
  };
  return (
    <section aria-labelledby="evaluation-queue">
      <h2 id="evaluation-queue">Queue simulator</h2>
      <p>
        The same studies in several orders of the list: as they come, those first that AI flags as critical, the same
        with a cap that lifts whoever waits too long, and for comparison by an oracle that is never wrong. Nothing of
        the real list is touched.
      </p>
      <form onSubmit={ask} className="evaluation-form">
        <fieldset>
          <legend>Studies</legend>
          <label className="row">
            <input type="radio" name="source" checked={source === 'given'} onChange={() => choose('given')} />
            as given here
          </label>
          <label className="row">
            <input type="radio" name="source" checked={source === 'site'} onChange={() => choose('site')} />
            as they came to this site
          </label>
        </fieldset>
        {shown.map(({ id, name, value, min, max, step }) => (
          <label key={id}>
            {name}
            <input type="number" name={id} defaultValue={value} min={min} max={max} step={step} required />
          </label>
        ))}
        <button type="submit" className="primary" disabled={run.isPending}>
          Simulate
        </button>
      </form>
      {run.isPending && <p role="status">Simulating…</p>}
      {run.isError && <Problem problem={run.error} />}
      {run.data && !run.isPending && <Waits told={run.data} below="h2" />}
      {run.isIdle && <p className="dim">Nothing has been simulated yet on this page.</p>}
    </section>
  );
}
