import type { Schemas } from '../../shared/api';
import { took } from '../../shared/figures';
import { Figure } from '../Figure';
import { Rows } from '../Rows';
import { figure, TOO_FEW } from '../words';

const ARMS: Record<string, string> = { blinded: 'read first', open: 'AI shown at once', undrawn: 'drawn to neither' };
const SIGNALS = [
  ['kept', 'AI findings kept'],
  ['added', 'Studies with an added finding'],
  ['own_first', 'Added before AI was shown'],
  ['words_changed', 'Words changed after AI was shown'],
  ['when_right', 'Agreed where AI was right'],
  ['when_wrong', 'Agreed where AI was wrong'],
] as const;

/** Signs that AI's answer pulls the human: the arm that reads first against the others. */
export function Bias({ told }: { told: Schemas['Bias'] }) {
  return (
    <>
      <h3>Does AI&apos;s answer pull the human?</h3>
      {(told.remarks ?? []).map((one) => (
        <p key={one} className="meta">
          {one}
        </p>
      ))}
      <Rows
        name="Table: arms"
        rows={told.arms}
        of={(row) => row.arm}
        columns={[
          { head: 'Studies', tell: (row) => ARMS[row.arm] ?? row.arm },
          { head: 'Number', number: true, tell: (row) => row.studies },
          ...SIGNALS.map(([name, head]) => ({
            head,
            number: true,
            tell: (row: Schemas['Arm']) => <Figure of={row[name]} unit="percent" />,
          })),
          { head: 'First look to signature', number: true, tell: (row) => time(row.seconds) },
        ]}
      />
      {told.gaps.length === 0 ? (
        <p className="dim">No study was drawn to be read first, so the arms cannot be compared.</p>
      ) : (
        <ul>
          {told.gaps.map((one) => (
            <li key={one.what}>
              {SIGNALS.find(([name]) => name === one.what)?.[1] ?? one.what}: AI shown at once less read first{' '}
              {figure({ ...one, value: one.difference })}, n {one.open.n} and {one.blinded.n}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function time(told: Schemas['Middle']): string {
  if (told.value === null) return `${TOO_FEW} n ${told.n}`;
  const between = told.low === null ? '(no interval)' : `[${took(told.low)}, ${took(told.high)}]`;
  return `${took(told.value)} ${between} n ${told.n}`;
}
