import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { api, changed, keys, type Schemas, useMay } from '../shared/api';
import { Confirm } from '../shared/Confirm';
import { Problem } from '../shared/Problem';
import { person } from '../shared/person';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';
import { Match } from './Match';

type Order = Schemas['OrderView'];
const STATES: readonly Schemas['OrderState'][] = ['open', 'ambiguous', 'conflict', 'matched', 'cancelled'];

/** Orders and the studies they are of; what no rule could settle waits here for a human. */
export function Orders() {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('state') ?? 'open';
  const state = STATES.find((one) => one === asked) ?? null;
  const orders = useInfiniteQuery({
    queryKey: [...keys.operations, 'orders', state],
    queryFn: ({ pageParam, signal }) => api.get('/api/v1/orders', { query: { state, after: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  const rows = orders.data?.pages.flatMap((page) => page.orders) ?? [];
  return (
    <section aria-labelledby="operations-orders">
      <div className="row">
        <h2 id="operations-orders">Orders</h2>
        <label className="row">
          State
          <select
            value={state ?? 'all'}
            onChange={(event) => setSearch({ part: 'orders', state: event.target.value }, { replace: true })}
          >
            {STATES.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="all">all</option>
          </select>
        </label>
      </div>
      <p className="meta">
        open: no study yet · ambiguous, conflict: a human must say which study · matched: has its study
      </p>
      {orders.isError && <Problem problem={orders.error} retry={() => void orders.refetch()} />}
      {orders.isPending && <p role="status">Loading…</p>}
      {orders.data && rows.length === 0 && <p className="dim">There is no {state ? `${state} order` : 'order'}.</p>}
      {orders.data && <List rows={rows} />}
      {orders.hasNextPage && (
        <button type="button" onClick={() => void orders.fetchNextPage()}>
          Earlier ones
        </button>
      )}
    </section>
  );
}

function List({ rows }: { rows: readonly Order[] }) {
  const may = useMay('study_change');
  const [asked, setAsked] = useState<{ order: Order; way: 'match' | 'part' } | null>(null);
  const close = (): void => setAsked(null);
  return (
    <>
      {rows.length > 0 && <Table rows={rows} ask={may ? (order, way) => setAsked({ order, way }) : null} />}
      {asked?.way === 'match' && <Match order={asked.order} onClose={close} />}
      {asked?.way === 'part' && <Part order={asked.order} onClose={close} />}
    </>
  );
}

function Table({ rows, ask }: { rows: readonly Order[]; ask: ((order: Order, way: 'match' | 'part') => void) | null }) {
  return (
    <Scroll name="Table: orders">
      <table>
        <thead>
          <tr>
            <th scope="col">Patient</th>
            <th scope="col">Accession</th>
            <th scope="col">What</th>
            <th scope="col">How soon</th>
            <th scope="col">State</th>
            <th scope="col">Why</th>
            <th scope="col">Scheduled</th>
            <th scope="col">Came</th>
            <th scope="col">Study</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((order) => (
            <Line key={order.order_id} order={order} ask={ask && ((way) => ask(order, way))} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Line({ order, ask }: { order: Order; ask: ((way: 'match' | 'part') => void) | null }) {
  const name = order.accession_number ?? order.placer_number ?? order.order_id.slice(0, 8);
  return (
    <tr data-order={order.order_id}>
      <th scope="row" dir="auto">
        {[person(order.patient.name), order.patient.patient_id].filter(Boolean).join(' · ')}
      </th>
      <td>{order.accession_number ?? '–'}</td>
      <td>{[order.modality, order.procedure, order.reason].filter(Boolean).join(' · ') || '–'}</td>
      <td>{order.priority ?? '–'}</td>
      <td>{order.state}</td>
      <td className="operations-reason">{order.why ?? '–'}</td>
      <td>{moment(order.scheduled_at)}</td>
      <td>{moment(order.received_at)}</td>
      <td>
        {order.study_id && <Link href={`/study/${order.study_id}`}>Open the study</Link>}
        {ask && order.study_id && (
          <button type="button" onClick={() => ask('part')} aria-label={`Part order ${name} from its study`}>
            Part…
          </button>
        )}
        {ask && !order.study_id && order.state !== 'cancelled' && (
          <button type="button" onClick={() => ask('match')} aria-label={`Choose the study of order ${name}`}>
            Choose the study…
          </button>
        )}
      </td>
    </tr>
  );
}

function Part({ order, onClose }: { order: Order; onClose: () => void }) {
  const act = async (): Promise<void> => {
    await api.post('/api/v1/orders/{order_id}/unmatch', { path: { order_id: order.order_id } });
    changed(order.study_id);
  };
  return (
    <Confirm title="Part the order from its study?" does="Part them" act={act} onClose={onClose}>
      <p>Nothing matches this order by itself any more; a human says which study it is of.</p>
    </Confirm>
  );
}
