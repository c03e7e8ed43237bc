import { type ReactNode, useState } from 'react';
import type { Schemas } from '../shared/api';
import { dollars, took } from '../shared/figures';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';
import { silence } from './matrix';
import { Words } from './Words';

type ReadView = Schemas['ReadView'];

/** What each reader is, what asking it took, and its own words on demand. Unknown is "–", never 0. */
export function Answers({ reads }: { reads: readonly ReadView[] }) {
  const [shown, setShown] = useState<ReadView | null>(null);
  return (
    <section aria-labelledby="compare-answers">
      <h2 id="compare-answers">The readers</h2>
      <Scroll name="Table: the readers">
        <table className="compare-answers">
          <thead>
            <tr>
              <th scope="col">About</th>
              {reads.map((one) => (
                <th scope="col" key={one.read_id}>
                  {one.reader.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {LINES.map(([name, tell]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {reads.map((one) => (
                  <td key={one.read_id}>{tell(one) ?? <span className="dim">–</span>}</td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">In its own words</th>
              {reads.map((one) => (
                <td key={one.read_id}>
                  <button
                    type="button"
                    onClick={() => setShown(one)}
                    aria-label={`Words and prompt of ${one.reader.name}`}
                  >
                    Words and prompt…
                  </button>
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </Scroll>
      {shown && <Words read={shown} onClose={() => setShown(null)} />}
    </section>
  );
}

const LINES: readonly (readonly [name: string, tell: (one: ReadView) => ReactNode])[] = [
  ['Answer', outcome],
  ['Version', (one) => one.reader.version],
  ['Model', (one) => one.reader.model_id],
  ['Fingerprint', (one) => <code title={one.reader.fingerprint}>{one.reader.fingerprint.slice(0, 16)}</code>],
  ['Read at', (one) => moment(one.at)],
  ['Latency', (one) => took(one.latency_s)],
  ['Cost', cost],
  ['Tokens in', (one) => tokens(one, 'input')],
  ['Tokens out', (one) => tokens(one, 'output')],
  ['From the cache', (one) => (one.read?.trace ? (one.read.trace.cached ? 'yes' : 'no') : null)],
  ['Form and tries', form],
  ['Asked before it', (one) => one.read?.trace?.hops?.join(', ') || null],
  ['Pictures read', (one) => one.read?.views_read?.length],
  ['Egress', (one) => one.read?.trace?.egress],
  ['Prompt SHA-256', hash],
  ['Limitations', (one) => one.read?.limitations?.map((each) => each.text).join('; ') || null],
];

function outcome(one: ReadView): ReactNode {
  if (one.answered) return 'answered';
  return (
    <span className="compare-failed">
      ⊘ {silence(one)}: {one.abstention?.reason ?? 'it gave no read'}
    </span>
  );
}

function cost(one: ReadView): ReactNode {
  const foreseen = one.read?.usage?.predicted_cost_usd;
  const told = [
    one.cost_usd !== null && dollars(one.cost_usd),
    typeof foreseen === 'number' && `${dollars(foreseen)} predicted`,
  ];
  return told.filter(Boolean).join(', ') || null;
}

function tokens(one: ReadView, way: 'input' | 'output'): ReactNode {
  const usage = one.read?.usage;
  const billed = usage?.[`${way}_tokens`];
  const foreseen = usage?.[`predicted_${way}_tokens`];
  const told = [
    typeof billed === 'number' && `${billed.toLocaleString('en')} metered`,
    typeof foreseen === 'number' && `${foreseen.toLocaleString('en')} predicted`,
  ];
  return told.filter(Boolean).join(', ') || null;
}

function form(one: ReadView): ReactNode {
  const trace = one.read?.trace;
  if (!trace) return null;
  const tries = trace.attempts === undefined ? '' : `${trace.attempts} tries`;
  const repairs = trace.repairs ? `${trace.repairs} repairs` : '';
  return [trace.form, tries, repairs].filter(Boolean).join(', ') || null;
}

function hash(one: ReadView): ReactNode {
  const told = one.read?.trace?.prompt_sha256;
  return told ? <code title={told}>{told.slice(0, 16)}</code> : null;
}
