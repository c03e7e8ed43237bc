import { Link } from 'wouter';
import { type Schemas, useMay } from '../../shared/api';
import { dollars } from '../../shared/figures';
import { rememberList } from '../../shared/list';
import { Figure } from '../Figure';
import { Rows } from '../Rows';
import { plain } from '../words';

type Told = Schemas['ShadowView'];

/** Readers that are asked beside the live ones and never shown: how they compare with what was reported. */
export function Shadow({ rows }: { rows: readonly Told[] }) {
  return (
    <section aria-labelledby="evaluation-shadow">
      <h2 id="evaluation-shadow">In the shadow</h2>
      {rows.length === 0 ? (
        <p role="status" className="card">
          No reader was asked in the shadow.
        </p>
      ) : (
        <p className="meta">Agreement is no accuracy: it says what would change if the reader went live.</p>
      )}
      {rows.map((one) => (
        <One key={`${one.reader} ${one.fingerprint}`} one={one} />
      ))}
    </section>
  );
}

function One({ one }: { one: Told }) {
  const facts = [
    [
      'Studies',
      `${one.n_both} read by both of ${one.n}; live not read ${one.live_unread}, shadow ${one.shadow_unread}`,
    ],
    ['Agree that there is something', <Figure key="a" of={one.agreement} unit="percent" />],
    ['Same priority', <Figure key="s" of={one.same_priority} unit="percent" />],
    ['More urgent in the shadow', <Figure key="r" of={one.raised} unit="percent" />],
    ['Less urgent in the shadow', <Figure key="l" of={one.lowered} unit="percent" />],
    ['Critical only in the shadow', one.critical_gained],
    ['Critical only in the report', one.critical_lost],
    ['US$ for 100, live and shadow', `${dollars(one.live_per_100_usd)}, ${dollars(one.shadow_per_100_usd)}`],
    ['Milliseconds p95, live and shadow', `${plain(one.live_p95_ms, 0)}, ${plain(one.shadow_p95_ms, 0)}`],
  ] as const;
  return (
    <article className="evaluation-one" aria-labelledby={`shadow-${one.reader}`}>
      <h3 id={`shadow-${one.reader}`}>{one.reader}</h3>
      <p className="meta">fingerprint {one.fingerprint}</p>
      <dl className="evaluation-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {one.flips.length > 0 && (
        <Rows
          name={`Table: flips of ${one.reader}`}
          rows={one.flips}
          of={(row) => row.code}
          columns={[
            { head: 'Finding', tell: (row) => row.label },
            { head: 'Both', number: true, tell: (row) => row.both },
            { head: 'Only in the shadow', number: true, tell: (row) => row.gained },
            { head: 'Only in the report', number: true, tell: (row) => row.lost },
          ]}
        />
      )}
      <Changed ids={one.changed} />
    </article>
  );
}

function Changed({ ids }: { ids: readonly string[] }) {
  const may = useMay('study_view');
  if (!may || ids.length === 0) return null;
  return (
    <details>
      <summary>Studies whose priority would be another ({ids.length})</summary>
      <ul>
        {ids.map((id, at) => (
          <li key={id}>
            <Link href={`/study/${id}`} onClick={() => rememberList(ids)}>
              study {at + 1}
            </Link>
          </li>
        ))}
      </ul>
    </details>
  );
}
