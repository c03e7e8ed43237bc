/** The frontier of cost and sensitivity out of metrics.json, for a drawing. */
import { isInterval } from '../told';

type Row = Record<string, unknown>;
type Point = [cost: number, sensitivity: number];

/** The ways to read, the points that nobody beats by cost, and the others; one without a price is drawn nowhere. */
export function frontier(told: unknown): { rows: Row[]; best: Point[]; others: Point[] } {
  const rows = Array.isArray(told) ? told.filter(isRow) : [];
  const best: Point[] = [];
  const others: Point[] = [];
  for (const row of rows) {
    const [cost, found] = [value(row.per_100_usd), value(row.sensitivity)];
    if (cost !== null && found !== null) (row.pareto === true ? best : others).push([cost, found]);
  }
  best.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return { rows, best, others };
}

function isRow(one: unknown): one is Row {
  return typeof one === 'object' && one !== null && !Array.isArray(one);
}

function value(told: unknown): number | null {
  const number = isInterval(told) ? told.value : told;
  return typeof number === 'number' ? number : null;
}
