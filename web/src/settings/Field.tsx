import { type ComponentProps, useId } from 'react';

/** A labelled field; what is wrong with it stands beside it and is told to those who can't see it. */
export function Field({
  label,
  hint,
  problem,
  ...input
}: { label: string; hint?: string; problem?: string | null } & Omit<ComponentProps<'input'>, 'id'>) {
  const id = useId();
  const told = [hint ? `${id}-hint` : '', problem ? `${id}-problem` : ''].filter(Boolean).join(' ');
  return (
    <div className="settings-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={told || undefined} aria-invalid={problem ? true : undefined} {...input} />
      {hint && (
        <span id={`${id}-hint`} className="meta">
          {hint}
        </span>
      )}
      {problem && (
        <span id={`${id}-problem`} className="settings-problem" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
