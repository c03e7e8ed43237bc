import { Rows } from '../Rows';
import type { Points } from '../told';
import { plain } from '../words';
import './chart.css';
import { picked, scale, ticks } from './scale';

const [WIDE, HIGH] = [320, 250];
const EDGE = { left: 44, right: 10, top: 8, bottom: 38 };
const LOOKS = 5;

export interface Line {
  name: string;
  points: Points;
  /** Points alone, without a line between them. */
  dots?: boolean;
  /** Steps between points: what counts until the next one. */
  steps?: boolean;
}

interface Axis {
  name: string;
  from?: number;
  to?: number;
  digits?: number;
}

/** Curves of two axes: a picture with a name, a legend by dash and colour, the same as a table. */
export function Chart({
  title,
  x,
  y,
  lines,
  diagonal = false,
}: {
  title: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
  diagonal?: boolean;
}) {
  const drawn = lines.filter((line) => line.points.length > 0);
  const [x0, x1] = range(drawn, 0, x);
  const [y0, y1] = range(drawn, 1, y);
  const across = scale(x0, x1, EDGE.left, WIDE - EDGE.right);
  const up = scale(y0, y1, HIGH - EDGE.bottom, EDGE.top);
  if (drawn.length === 0) return null;
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} width={WIDE} height={HIGH} role="img" aria-label={title}>
        {ticks(x0, x1).map((at) => (
          <g key={at} className="chart-tick">
            <line x1={across(at)} x2={across(at)} y1={EDGE.top} y2={HIGH - EDGE.bottom} />
            <text x={across(at)} y={HIGH - EDGE.bottom + 14} textAnchor="middle">
              {at.toLocaleString('en')}
            </text>
          </g>
        ))}
        {ticks(y0, y1).map((at) => (
          <g key={at} className="chart-tick">
            <line x1={EDGE.left} x2={WIDE - EDGE.right} y1={up(at)} y2={up(at)} />
            <text x={EDGE.left - 6} y={up(at) + 4} textAnchor="end">
              {at.toLocaleString('en')}
            </text>
          </g>
        ))}
        {diagonal && <line className="chart-diagonal" x1={across(0)} y1={up(0)} x2={across(1)} y2={up(1)} />}
        {drawn.map((line, at) => (
          <Drawn key={line.name} line={within(line, x0, x1)} look={at % LOOKS} across={across} up={up} />
        ))}
        <text className="chart-axis" x={(EDGE.left + WIDE - EDGE.right) / 2} y={HIGH - 6} textAnchor="middle">
          {x.name}
        </text>
        <text className="chart-axis" transform={`rotate(-90 12 ${HIGH / 2})`} x={12} y={HIGH / 2} textAnchor="middle">
          {y.name}
        </text>
      </svg>
      <Legend lines={drawn} />
      <Table title={title} x={x} y={y} lines={drawn} />
    </figure>
  );
}

function Drawn({
  line,
  look,
  across,
  up,
}: {
  line: Line;
  look: number;
  across: (x: number) => number;
  up: (y: number) => number;
}) {
  const path = line.points.map(([x, y], at) => {
    const before = line.points[at - 1];
    const [px, py] = [across(x).toFixed(1), up(y).toFixed(1)];
    if (at === 0 || !before) return `M${px} ${py}`;
    return line.steps ? `H${px}V${py}` : `L${px} ${py}`;
  });
  return (
    <g className={`chart-line chart-look-${look}`}>
      {!line.dots && <path d={path.join('')} />}
      {(line.dots || line.points.length <= 12) &&
        line.points.map(([x, y]) => <circle key={`${x} ${y}`} cx={across(x)} cy={up(y)} r={3} />)}
    </g>
  );
}

function Legend({ lines }: { lines: readonly Line[] }) {
  if (lines.length < 2) return null;
  return (
    <ul className="chart-legend">
      {lines.map((line, at) => (
        <li key={line.name}>
          <svg width={26} height={10} aria-hidden="true" className={`chart-line chart-look-${at % LOOKS}`}>
            {line.dots ? <circle cx={13} cy={5} r={3} /> : <path d="M0 5H26" />}
          </svg>
          {line.name}
        </li>
      ))}
    </ul>
  );
}

function Table({ title, x, y, lines }: { title: string; x: Axis; y: Axis; lines: readonly Line[] }) {
  const rows = lines.flatMap((line) => picked(line.points).map(([a, b]) => ({ line: line.name, a, b })));
  return (
    <details>
      <summary>The same as a table</summary>
      <Rows
        name={`Table: ${title}`}
        rows={rows}
        of={(row, at) => `${row.line} ${at}`}
        columns={[
          { head: 'Curve', tell: (row) => row.line },
          { head: x.name, number: true, tell: (row) => plain(row.a, x.digits ?? 3) },
          { head: y.name, number: true, tell: (row) => plain(row.b, y.digits ?? 3) },
        ]}
      />
    </details>
  );
}

/** What the drawing shows of a curve; the table tells all of it. */
function within(line: Line, x0: number, x1: number): Line {
  return { ...line, points: line.points.filter(([x]) => x >= x0 && x <= x1) };
}

function range(lines: readonly Line[], axis: 0 | 1, wanted: Axis): [number, number] {
  const all = lines.flatMap((line) => line.points.map((point) => point[axis]));
  return [wanted.from ?? Math.min(...all, 0), wanted.to ?? Math.max(...all, 0)];
}
