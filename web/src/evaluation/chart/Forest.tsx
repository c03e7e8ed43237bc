import type { Interval } from '../told';
import { figure } from '../words';
import './chart.css';
import { scale, ticks } from './scale';

const ROW = 24;
const [WIDE, LABEL, RIGHT, FOOT] = [620, 190, 12, 26];

export interface Branch {
  name: string;
  told: Interval;
}

/** Figures of groups below each other, each with its interval, against a line. What is too few is said, not drawn. */
export function Forest({
  title,
  branches,
  line,
  lineName,
}: {
  title: string;
  branches: readonly Branch[];
  line: number | null;
  lineName: string;
}) {
  const known = branches.flatMap(({ told }) => [told.low, told.value, told.high]).filter((one) => one !== null);
  if (known.length === 0) return <p className="dim">{title}: too few cases in every group.</p>;
  const all = line === null ? known : [...known, line];
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const pad = (to - from) * 0.05 || 0.05;
  const across = scale(from - pad, to + pad, LABEL, WIDE - RIGHT);
  const high = branches.length * ROW + FOOT;
  return (
    <figure className="chart">
      <figcaption>
        {title}
        {line !== null && <span className="meta"> dashed: {lineName}</span>}
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${high}`} width={WIDE} height={high} role="img" aria-label={title}>
        {ticks(from - pad, to + pad, 6).map((at) => (
          <g key={at} className="chart-tick">
            <line x1={across(at)} x2={across(at)} y1={0} y2={high - FOOT} />
            <text x={across(at)} y={high - 8} textAnchor="middle">
              {at.toLocaleString('en')}
            </text>
          </g>
        ))}
        {line !== null && (
          <line className="chart-diagonal" x1={across(line)} x2={across(line)} y1={0} y2={high - FOOT} />
        )}
        {branches.map((branch, at) => (
          <Row key={branch.name} branch={branch} y={at * ROW + ROW / 2} across={across} />
        ))}
      </svg>
    </figure>
  );
}

function Row({ branch, y, across }: { branch: Branch; y: number; across: (x: number) => number }) {
  const { value, low, high } = branch.told;
  return (
    <g className="chart-line chart-look-0">
      <text x={LABEL - 10} y={y + 4} textAnchor="end">
        {branch.name}
      </text>
      {low !== null && high !== null && <path d={`M${across(low)} ${y}H${across(high)}`} />}
      {value === null ? (
        <text x={LABEL} y={y + 4}>
          {figure(branch.told)}
        </text>
      ) : (
        <circle cx={across(value)} cy={y} r={4} />
      )}
    </g>
  );
}
