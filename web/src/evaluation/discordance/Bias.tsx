import type { ReactNode } from 'react';
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
  ['both_overcalled', 'Both told it, and it is not so'],
  ['both_missed', 'Both called it absent, and it is there'],
] as const;

interface Line {
  readonly head: string;
  readonly tell: (arm: Schemas['Arm']) => ReactNode;
}

const LINES: readonly Line[] = [
  { head: 'Studies', tell: (arm) => arm.studies },
  ...SIGNALS.map(([name, head]) => ({
    head,
    tell: (arm: Schemas['Arm']) => <Figure of={arm[name]} unit="percent" />,
  })),
  { head: 'First look to signature', tell: (arm) => time(arm.seconds) },
];

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
        rows={LINES}
        of={(row) => row.head}
        columns={[
          { head: 'Sign', tell: (row) => row.head },
          ...told.arms.map((arm) => ({
            head: ARMS[arm.arm] ?? arm.arm,
            number: true,
            tell: (row: Line) => row.tell(arm),
          })),
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
