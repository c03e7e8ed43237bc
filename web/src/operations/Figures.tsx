import type { ReactNode } from 'react';

/** Figures with their words: a definition list of cards, the most urgent marked by more than colour. */
export function Figures({
  figures,
}: {
  figures: readonly { name: string; value: ReactNode; more?: string; bad?: boolean }[];
}) {
  return (
    <dl className="operations-figures">
      {figures.map((one) => (
        <div key={one.name} className={one.bad ? 'operations-bad' : undefined}>
          <dt>{one.name}</dt>
          <dd>
            <span className="operations-value">
              {one.bad && <span aria-hidden="true">▲ </span>}
              {one.value}
            </span>
            {one.more && <span className="meta"> {one.more}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
