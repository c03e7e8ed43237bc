import { type InputHTMLAttributes, type Ref, useId } from 'react';
import './field.css';

/** A text field with its label, a word on what goes in, and what is wrong with it, all tied together for screen readers. */
export function Field({
  label,
  hint,
  problem,
  ref,
  ...input
}: {
  label: string;
  hint?: string;
  problem?: string | undefined;
  ref?: Ref<HTMLInputElement>;
} & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <input
        {...input}
        id={id}
        ref={ref}
        aria-invalid={problem ? true : undefined}
        aria-describedby={told === '' ? undefined : told}
      />
      {problem && (
        <p className="field-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}
