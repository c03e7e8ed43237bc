import type { Schemas } from './api';
import { URGENCY } from './tokens';
import './urgency.css';

/** A priority as colour, shape and word; null: nobody has said anything yet. */
export function Urgency({ priority, word }: { priority: Schemas['Priority'] | null; word?: string }) {
  const name = priority ?? 'pending';
  const look = URGENCY[name];
  return (
    <span className={`urgency urgency-${name.toLowerCase()}`} data-priority={name}>
      <span aria-hidden="true">{look.shape}</span> {word ?? look.word}
    </span>
  );
}
