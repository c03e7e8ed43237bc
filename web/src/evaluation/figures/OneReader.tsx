import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Schemas } from '../../shared/api';
import { dollars } from '../../shared/figures';
import { Forest } from '../chart/Forest';
import { Figure } from '../Figure';
import { Loose, LooseFacts } from '../Loose';
import { Waits } from '../queue/Waits';
import { Rows } from '../Rows';
import { type Finding, interval, type ReaderTold } from '../told';
import { plain, TOO_FEW } from '../words';
import { Stress } from './Stress';
import { Triage } from './Triage';

const KNOWN = new Set([
  ...'name version fingerprint model_id n n_read n_abstained n_failed findings any_finding macro_f1'.split(' '),
  ...'urgency cost latency_ms controls subgroups queue degenerate stress'.split(' '),
]);
const TABLES: Record<string, string> = { answering: 'T4', localisation: 'T10' };

/** The tables of one reader, the one that the address names. */
export function OneReader({ one, readers }: { one: Schemas['EvaluationSummary']; readers: readonly ReaderTold[] }) {
  const [search, setSearch] = useSearchParams();
  const told = readers.find((reader) => reader.name === search.get('reader')) ?? readers[0];
  if (!told) return <p className="dim">No reader has answered anything.</p>;
  const choose = (reader: string): void =>
    setSearch((before) => ({ ...Object.fromEntries(before), reader }), { replace: true });
  return (
    <section aria-labelledby="evaluation-reader">
      <div className="row">
        <h3 id="evaluation-reader">Reader {told.name}</h3>
        {readers.length > 1 && (
          <label className="row">
            Reader shown
            <select value={told.name} onChange={(event) => choose(event.target.value)}>
              {readers.map((reader) => (
                <option key={reader.name}>{reader.name}</option>
              ))}
            </select>
          </label>
        )}
        <Link
          href={`/evaluation?part=errors&name=${encodeURIComponent(one.name)}&reader=${encodeURIComponent(told.name)}`}
        >
          Its errors
        </Link>
      </div>
      <p className="meta">
        version {told.version}, fingerprint {told.fingerprint}
        {told.model_id === null ? '' : `, ${told.model_id}`}
      </p>
      <Degenerate told={told} />
      <Overall told={told} />
      <Quality rows={[...told.findings, told.any_finding]} />
      <Points rows={[...told.findings, told.any_finding]} />
      <Triage told={told.urgency} />
      <Controls told={told} />
      <Stress rows={told.stress ?? []} />
      <Subgroups told={told} />
      <More told={told} />
      {told.queue && (
        <>
          <h4>
            What following it does to the queue <span className="meta">T8</span>
          </h4>
          <Waits told={told.queue} below="h4" />
        </>
      )}
    </section>
  );
}

/** What the reader answers alike whatever it sees stands above its figures. */
function Degenerate({ told }: { told: ReaderTold }) {
  const rows = told.degenerate ?? [];
  if (rows.length === 0) return null;
  return (
    <div role="note" className="evaluation-warning" aria-label="Degenerate findings">
      <p>
        <span aria-hidden="true">▲ </span>This reader does not tell {rows.length === 1 ? 'a finding' : 'findings'}{' '}
        apart:
      </p>
      <ul>
        {rows.map((row) => (
          <li key={`${row.code} ${row.what} ${row.split}`}>
            {row.label}, {row.what}: {row.reason} ({row.split} split, n {row.n}, {row.n_pos} positive)
          </li>
        ))}
      </ul>
    </div>
  );
}

function Overall({ told }: { told: ReaderTold }) {
  const { urgency, cost, latency_ms: latency } = told;
  const facts: [string, ReactNode][] = [
    ['Cases', `${told.n_read} read, ${told.n_abstained} abstained, ${told.n_failed} failed of ${told.n}`],
    ['Macro-F1', <Figure key="f1" of={told.macro_f1} />],
    ['Not read', <Figure key="unread" of={urgency.unread_share} unit="percent" />],
    ['Critical told critical', <Figure key="critical" of={urgency.critical_sensitivity} unit="percent" />],
    ['False P1 in 100', plain(urgency.false_p1_per_100, 1)],
    ['US$ for 100', dollars(cost.per_100_usd)],
    [
      'Milliseconds p50 / p95 / p99',
      `${[latency.p50, latency.p95, latency.p99].map((one) => plain(one, 0)).join(' / ')}, n ${latency.n}`,
    ],
  ];
  return (
    <>
      <h4>
        Overall <span className="meta">T4</span>
      </h4>
      <dl className="evaluation-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Quality({ rows }: { rows: readonly Finding[] }) {
  return (
    <>
      <h4>
        How well findings are told apart <span className="meta">T2</span>
      </h4>
      <Rows
        name="Table: findings"
        rows={rows}
        of={(row) => row.code}
        columns={[
          { head: 'Finding', tell: (row) => row.label },
          { head: 'n', number: true, tell: (row) => row.n },
          { head: 'Positive', number: true, tell: (row) => row.n_pos },
          { head: 'AUROC', number: true, tell: (row) => (row.why === null ? <Figure of={row.auroc} /> : TOO_FEW) },
          { head: 'AUPRC', number: true, tell: (row) => <Figure of={interval(row, 'auprc')} /> },
          { head: 'Brier', number: true, tell: (row) => <Figure of={interval(row, 'brier')} /> },
          { head: 'ECE as told', number: true, tell: (row) => plain(row.ece_raw) },
          { head: 'ECE calibrated', number: true, tell: (row) => plain(row.ece_calibrated) },
        ]}
      />
    </>
  );
}

function Points({ rows }: { rows: readonly Finding[] }) {
  return (
    <>
      <h4>
        Operating points <span className="meta">T3</span>
      </h4>
      <Rows
        name="Table: operating points"
        rows={rows}
        of={(row) => row.code}
        columns={[
          { head: 'Finding', tell: (row) => row.label },
          {
            head: 'Threshold',
            number: true,
            tell: (row) => (row.threshold === null ? 'its own decision' : plain(row.threshold)),
          },
          ...(['sensitivity', 'specificity', 'ppv', 'flag_rate'] as const).map((name) => ({
            head: { sensitivity: 'Sensitivity', specificity: 'Specificity', ppv: 'PPV', flag_rate: 'Flagged' }[name],
            number: true,
            tell: (row: Finding) => <Figure of={interval(row, name)} unit="percent" />,
          })),
        ]}
      />
    </>
  );
}

function Controls({ told }: { told: ReaderTold }) {
  const rows = told.controls ?? [];
  if (rows.length === 0) return null;
  return (
    <>
      <h4>The same reader on parts of the films that say nothing</h4>
      <Rows
        name="Table: controls"
        rows={rows}
        of={(row) => row.disturbance}
        columns={[
          { head: 'Shown', tell: (row) => row.disturbance.replaceAll('_', ' ') },
          { head: 'Read', number: true, tell: (row) => row.n_read },
          { head: 'AUROC of any finding', number: true, tell: (row) => <Figure of={row.any_finding.auroc} /> },
          { head: 'On whole films', number: true, tell: () => <Figure of={told.any_finding.auroc} /> },
        ]}
      />
    </>
  );
}

function Subgroups({ told }: { told: ReaderTold }) {
  const rows = told.subgroups ?? [];
  if (rows.length === 0) return null;
  return (
    <>
      <h4>
        Subgroups <span className="meta">T7</span>
      </h4>
      <Forest
        title="AUROC of any finding by group"
        branches={rows.map((row) => ({ name: `${row.by}: ${row.group}`, told: row.auroc }))}
        line={told.any_finding.auroc.value}
        lineName="all cases"
      />
      <Rows
        name="Table: subgroups"
        rows={rows}
        of={(row) => `${row.by} ${row.group}`}
        columns={[
          { head: 'Group', tell: (row) => `${row.by}: ${row.group}` },
          { head: 'Positive', number: true, tell: (row) => row.n_pos },
          { head: 'AUROC', number: true, tell: (row) => <Figure of={{ ...row.auroc, n: row.n }} /> },
          { head: 'Gap to the others', number: true, tell: (row) => <Figure of={row.gap} /> },
        ]}
      />
    </>
  );
}

/** Whatever else the file tells of the reader: stress, localisation, report text. */
function More({ told }: { told: ReaderTold }) {
  const more = Object.entries(told).filter(([name, value]) => !KNOWN.has(name) && isMuch(value));
  return more.map(([name, value]) => (
    <div key={name}>
      <h4>
        {name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())}{' '}
        <span className="meta">{TABLES[name] ?? ''}</span>
      </h4>
      {Array.isArray(value) ? (
        <Loose name={`Table: ${name}`} rows={value} />
      ) : (
        <LooseFacts name={name} told={value as Record<string, unknown>} />
      )}
    </div>
  ));
}

function isMuch(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null;
}
