import type { Interval } from './told';
import { figure, type Unit } from './words';

/** A figure with its interval and n. */
export function Figure({ of, unit = 'plain' }: { of: Interval | null | undefined; unit?: Unit }) {
  return (
    <span className="evaluation-figure">
      {figure(of, unit)}
      {of && <span className="meta"> n {of.n}</span>}
    </span>
  );
}
