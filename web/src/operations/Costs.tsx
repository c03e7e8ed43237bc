import { useQuery } from '@tanstack/react-query';
import { api, keys, type Schemas } from '../shared/api';
import { dollars, percent } from '../shared/figures';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { type Bars, bars, spent } from './costs';
import { today } from './day';

const DAYS = 30;
const [WIDE, HIGH] = [360, 44];

/** What readers took by day, against what may be spent: bars to see, the same as a table to read. */
export function Costs() {
  const costs = useQuery({
    queryKey: [...keys.operations, 'costs'],
    queryFn: ({ signal }) => api.get('/api/v1/ops/costs', { query: { days: DAYS }, signal }),
  });
  return (
    <section aria-labelledby="operations-costs">
      <h2 id="operations-costs">Costs of the last {DAYS} days</h2>
      {costs.isError && <Problem problem={costs.error} retry={() => void costs.refetch()} />}
      {costs.isPending && <p role="status">Loading…</p>}
      {costs.data && <Told told={costs.data} />}
    </section>
  );
}

function Told({ told }: { told: Schemas['Costs'] }) {
  const now = today();
  const readers = bars(told.costs, now, DAYS);
  const highest = Math.max(0, ...readers.flatMap((one) => one.days.map((day) => day.usd ?? 0)));
  const sofar = spent(told.costs, now);
  const budget = told.budget_usd_per_day;
  return (
    <>
      <p>
        Today (UTC): {dollars(sofar)}
        {budget === null
          ? '; no budget is set (key budget_usd_per_day).'
          : ` of ${dollars(budget)}${sofar === null || budget === 0 ? '' : ` (${percent(sofar / budget)})`}.`}
      </p>
      {readers.length === 0 && <p className="dim">No reader was asked in these days.</p>}
      {readers.map((one) => (
        <Row key={one.reader} one={one} highest={highest} budget={budget} />
      ))}
      {told.costs.length > 0 && <Table costs={told.costs} />}
    </>
  );
}

function Row({ one, highest, budget }: { one: Bars; highest: number; budget: number | null }) {
  const step = WIDE / one.days.length;
  const tall = (usd: number): number => (highest === 0 ? 0 : Math.max(usd > 0 ? 1 : 0, (usd / highest) * (HIGH - 2)));
  const line = budget !== null && highest > 0 && budget <= highest ? HIGH - tall(budget) : null;
  return (
    <div className="operations-bars">
      <span>{one.reader}</span>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} width={WIDE} height={HIGH} aria-hidden="true">
        {one.days.map((day, at) => (
          <rect
            key={day.day}
            x={at * step + 1}
            y={HIGH - tall(day.usd ?? 0)}
            width={step - 2}
            height={tall(day.usd ?? 0)}
          />
        ))}
        {line !== null && <line x1={0} x2={WIDE} y1={line} y2={line} />}
      </svg>
      <span className="number">
        {dollars(one.total)}
        {one.unpriced > 0 && <span className="meta"> + {one.unpriced} reads without a price</span>}
      </span>
    </div>
  );
}

function Table({ costs }: { costs: readonly Schemas['Cost'][] }) {
  return (
    <details>
      <summary>The same as a table</summary>
      <Scroll name="Table: costs by day">
        <table>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col">Reader</th>
              <th scope="col" className="number">
                Reads
              </th>
              <th scope="col" className="number">
                Cost
              </th>
              <th scope="col" className="number">
                Without a price
              </th>
            </tr>
          </thead>
          <tbody>
            {costs.map((one) => (
              <tr key={`${one.day} ${one.reader}`}>
                <th scope="row">{one.day}</th>
                <td>{one.reader}</td>
                <td className="number">{one.reads}</td>
                <td className="number">{dollars(one.cost_usd)}</td>
                <td className="number">{one.unpriced}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
