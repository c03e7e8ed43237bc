import { Chart, type Line } from '../chart/Chart';
import { Loose } from '../Loose';
import { cell } from '../words';
import { frontier } from './frontier';

/** What readers, panels and cascades cost and find (T5): those that nobody beats are joined by a line. */
export function Frontier({ told }: { told: unknown }) {
  const { rows, best, others } = frontier(told);
  if (rows.length === 0) return null;
  const [first] = rows;
  const lines: Line[] = [
    { name: 'nobody finds more for less', points: best, steps: true },
    { name: 'others', points: others, dots: true },
  ];
  return (
    <section aria-labelledby="evaluation-frontier">
      <h3 id="evaluation-frontier">
        Readers, panels and cascades <span className="meta">T5</span>
      </h3>
      <p>
        Sensitivity gained is against {cell(first?.best)}, the best single reader of the {cell(first?.chosen_on)} split,
        on the same cases.
      </p>
      <Chart
        title="Cost and sensitivity"
        x={{ name: 'US$ for 100 studies', from: 0, digits: 2 }}
        y={{ name: 'sensitivity', from: 0, to: 1 }}
        lines={lines}
      />
      <Loose name="Table: frontier" rows={rows} without={['best', 'chosen_on']} />
    </section>
  );
}
