import { Scroll } from '../../shared/Scroll';
import { Figure } from '../Figure';
import { Loose, LooseFacts } from '../Loose';
import type { Urgency } from '../told';

const PRIORITIES = ['P1', 'P2', 'P3', 'P4', 'P5'];
const KNOWN = new Set([
  'n',
  'table',
  'kappa',
  'under_triage',
  'over_triage',
  'critical_sensitivity',
  'unread_share',
]).add('false_p1_per_100');

const WORDS: Record<string, string> = { conformal: 'Sets of priorities that hold (conformal)' };

/** Urgency told against urgency due, five by five. */
export function Triage({ told }: { told: Urgency }) {
  const more = Object.entries(told).filter(([name, value]) => !KNOWN.has(name) && value !== null);
  return (
    <>
      <h4>
        Urgency <span className="meta">T8</span>
      </h4>
      <p>
        Quadratic kappa <Figure of={told.kappa} />, under-triage <Figure of={told.under_triage} unit="percent" />,
        over-triage <Figure of={told.over_triage} unit="percent" />.
      </p>
      <Scroll name="Table: urgency due and told">
        <table className="evaluation-triage">
          <thead>
            <tr>
              <th scope="col">Due ↓ told →</th>
              {PRIORITIES.map((one) => (
                <th key={one} scope="col" className="number">
                  {one}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {told.table.map((row, at) => (
              <tr key={PRIORITIES[at]}>
                <th scope="row">{PRIORITIES[at]}</th>
                {row.map((n, to) => (
                  <td key={PRIORITIES[to]} className={`number${at === to ? ' evaluation-same' : ''}`}>
                    {n}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {more.map(([name, value]) => (
        <div key={name}>
          <h4>{WORDS[name] ?? name.replaceAll('_', ' ')}</h4>
          {Array.isArray(value) ? (
            <Loose name={`Table: urgency, ${name}`} rows={value} />
          ) : (
            <LooseFacts
              name={name}
              told={typeof value === 'object' ? (value as Record<string, unknown>) : { [name]: value }}
            />
          )}
        </div>
      ))}
    </>
  );
}
