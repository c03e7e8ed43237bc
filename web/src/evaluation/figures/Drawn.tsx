import { useSearchParams } from 'wouter';
import type { Schemas } from '../../shared/api';
import { Asked } from '../Asked';
import { Chart } from '../chart/Chart';
import type { Curve, Curves } from '../told';
import { useCurves } from '../useEvaluations';

const KINDS = [
  { kind: 'roc', title: 'ROC', x: 'false positive rate', y: 'sensitivity', diagonal: true },
  { kind: 'pr', title: 'Precision and recall', x: 'recall', y: 'precision', diagonal: false },
  { kind: 'reliability', title: 'Reliability', x: 'probability told', y: 'how often it was so', diagonal: true },
  { kind: 'risk_coverage', title: 'Risk by coverage', x: 'share answered', y: 'share wrong', diagonal: false },
] as const;

/** The curves of one finding, each reader a line. */
export function Drawn({ one }: { one: Schemas['EvaluationSummary'] }) {
  const curves = useCurves(one);
  return (
    <section aria-labelledby="evaluation-curves">
      <h3 id="evaluation-curves">Curves</h3>
      <Asked query={curves}>{(told) => <Shown told={told} />}</Asked>
    </section>
  );
}

function Shown({ told }: { told: Curves }) {
  const [search, setSearch] = useSearchParams();
  const known = [...new Map(told.readers.flatMap((one) => one.curves).map((one) => [one.code, one])).values()];
  const code = known.find((one) => one.code === search.get('finding'))?.code ?? known[0]?.code;
  const own = told.readers.flatMap(({ name, curves }) => {
    const curve = curves.find((one) => one.code === code);
    return curve ? [{ name, curve }] : [];
  });
  const choose = (finding: string): void => {
    setSearch((before) => ({ ...Object.fromEntries(before), finding }), { replace: true });
  };
  const drawn = own.filter(({ curve }) => curve.roc.length > 0);
  return (
    <>
      <label className="row">
        Finding
        <select value={code} onChange={(event) => choose(event.target.value)}>
          {known.map((one) => (
            <option key={one.code} value={one.code}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      <p className="meta">
        {own.map(({ name, curve }) => `${name}: n ${curve.n}, ${curve.n_pos} positive`).join('; ')}
      </p>
      {drawn.length === 0 ? (
        <p className="dim">Too few cases for curves of this finding.</p>
      ) : (
        <div className="evaluation-charts">
          {KINDS.map((one) => (
            <Chart
              key={`${code} ${one.kind}`}
              title={`${one.title}: ${own[0]?.curve.label ?? ''}`}
              x={{ name: one.x, from: 0, to: 1 }}
              y={{ name: one.y, from: 0, to: one.kind === 'risk_coverage' ? highest(drawn) : 1 }}
              lines={drawn.map(({ name, curve }) => ({ name, points: curve[one.kind] }))}
              diagonal={one.diagonal}
            />
          ))}
        </div>
      )}
    </>
  );
}

function highest(drawn: readonly { curve: Curve }[]): number {
  return Math.max(0.1, ...drawn.flatMap(({ curve }) => curve.risk_coverage.map(([, risk]) => risk)));
}
