import { useId, useState } from 'react';
import type { Schemas } from '../../shared/api';
import { Chart } from '../chart/Chart';
import { Loose, LooseFacts } from '../Loose';
import { Rows } from '../Rows';
import { figure, NOTHING, number, TOO_FEW } from '../words';
import { nearlyAll } from './curves';

type QueueTold = Schemas['QueueView'];
type QueueRow = Schemas['QueueRowView'];

/** A simulated queue: waits by group and order, the wait curves, the closed form beside, what was published. */
export function Waits({ told, below }: { told: QueueTold; below: 'h2' | 'h4' }) {
  return (
    <>
      {told.remarks.map((one) => (
        <p key={one} className="meta">
          {one}
        </p>
      ))}
      <Rows
        name="Table: waits"
        rows={told.table}
        of={(row) => `${row.discipline} ${row.group}`}
        columns={[
          { head: 'Order', tell: (row) => row.label },
          { head: 'Studies', tell: (row) => row.group_label },
          { head: 'n', number: true, tell: (row) => row.n.toLocaleString('en') },
          { head: 'Mean', number: true, tell: mean },
          { head: 'p50 (min)', number: true, tell: (row) => minutes(row.p50_min) },
          { head: 'p90 (min)', number: true, tell: (row) => minutes(row.p90_min) },
          { head: 'Longest (min)', number: true, tell: (row) => minutes(row.worst_min) },
          { head: 'Beyond target', number: true, tell: (row) => share(row.beyond_target) },
          { head: 'Beyond cap', number: true, tell: (row) => share(row.beyond_cap) },
          { head: 'Mean against first come', number: true, tell: against },
        ]}
      />
      <p className="meta">{told.interval}.</p>
      <Curves told={told} />
      <Law told={told} Heading={below === 'h2' ? 'h3' : 'h5'} />
      <details>
        <summary>What it was made with</summary>
        <LooseFacts name="the queue" told={told.rests_on} />
      </details>
    </>
  );
}

function Curves({ told }: { told: QueueTold }) {
  const groups = [...new Map(told.cdf.map((one) => [one.group, one.group_label]))];
  const [group, choose] = useState(groups[0]?.[0] ?? '');
  const name = useId();
  const own = told.cdf.filter((one) => one.group === group);
  return (
    <>
      <label className="row" htmlFor={name}>
        Wait curves of
        <select id={name} value={group} onChange={(event) => choose(event.target.value)}>
          {groups.map(([one, label]) => (
            <option key={one} value={one}>
              {label} studies
            </option>
          ))}
        </select>
      </label>
      {own.some((one) => one.points.length > 0) ? (
        <Chart
          title={`Opened by then: ${own[0]?.group_label ?? ''} studies`}
          x={{ name: 'minutes since arrival', from: 0, to: nearlyAll(own), digits: 0 }}
          y={{ name: 'share opened', from: 0, to: 1 }}
          lines={own.map((one) => ({ name: one.label, points: one.points }))}
        />
      ) : (
        <p className="dim">Too few studies of this kind for a curve.</p>
      )}
    </>
  );
}

function Law({ told, Heading }: { told: QueueTold; Heading: 'h3' | 'h5' }) {
  const { law } = told;
  return (
    <>
      <Heading>The queue law beside it</Heading>
      {law.note !== null && <p>{law.note}</p>}
      {law.helps !== null && (
        <p>
          {law.helps
            ? 'AI helps critical studies here: it flags more of them than of the others.'
            : '▲ AI does not help critical studies here: it flags no more of them than of the others.'}
        </p>
      )}
      {law.rows.length > 0 && <Loose name="Table: queue law" rows={law.rows} without={['what']} />}
      {told.published.length > 0 && (
        <>
          <Heading>Published numbers, for the shape</Heading>
          <Loose name="Table: published waits" rows={told.published} />
        </>
      )}
    </>
  );
}

function mean(row: QueueRow): string {
  return figure({ value: row.mean_min, low: row.mean_low_min, high: row.mean_high_min }, 'minutes');
}

function against(row: QueueRow): string {
  return row.discipline === 'first_come'
    ? NOTHING
    : figure({ value: row.against_first_come, low: row.against_low, high: row.against_high });
}

function minutes(value: number | null): string {
  return value === null ? TOO_FEW : number(value, 'minutes');
}

function share(value: number | null): string {
  return value === null ? TOO_FEW : `${number(value, 'percent')} %`;
}
