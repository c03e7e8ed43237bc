import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { api, keys, type Schemas, useMay } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';

const STATES = ['problem', 'done', 'ignored'] as const;

/** HL7 messages that came in; what is in them names a patient and is not shown here. */
export function Messages() {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('state') ?? 'problem';
  const state = STATES.find((one) => one === asked) ?? null;
  const messages = useInfiniteQuery({
    queryKey: [...keys.operations, 'messages', state],
    queryFn: ({ pageParam, signal }) => api.get('/api/v1/messages', { query: { state, after: pageParam }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
  });
  const rows = messages.data?.pages.flatMap((page) => page.messages) ?? [];
  return (
    <section aria-labelledby="operations-messages">
      <div className="row">
        <h2 id="operations-messages">HL7 messages</h2>
        <label className="row">
          State
          <select
            value={state ?? 'all'}
            onChange={(event) => setSearch({ part: 'messages', state: event.target.value }, { replace: true })}
          >
            {STATES.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="all">all</option>
          </select>
        </label>
      </div>
      {messages.isError && <Problem problem={messages.error} retry={() => void messages.refetch()} />}
      {messages.isPending && <p role="status">Loading…</p>}
      {messages.data && rows.length === 0 && (
        <p className="dim">
          {state === 'problem' ? 'Every message that came could be taken.' : 'There is no such message.'}
        </p>
      )}
      {rows.length > 0 && <List rows={rows} />}
      {messages.hasNextPage && (
        <button type="button" onClick={() => void messages.fetchNextPage()}>
          Earlier ones
        </button>
      )}
    </section>
  );
}

function List({ rows }: { rows: readonly Schemas['MessageView'][] }) {
  const may = useMay('jobs_change');
  const cache = useQueryClient();
  const again = useMutation({
    mutationFn: (id: number) => api.post('/api/v1/messages/{message_id}/retry', { path: { message_id: id } }),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.operations }),
  });
  return (
    <>
      <div role="status">
        {again.data && (again.data.problem === null ? 'The message was taken.' : `Still not: ${again.data.problem}`)}
      </div>
      {again.isError && <Problem problem={again.error} />}
      <Scroll name="Table: HL7 messages">
        <table>
          <thead>
            <tr>
              <th scope="col">Came</th>
              <th scope="col">From</th>
              <th scope="col">Kind</th>
              <th scope="col">Control id</th>
              <th scope="col">State</th>
              <th scope="col">What is wrong</th>
              {may && <th scope="col">Act</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={one.message_id}>
                <th scope="row">{moment(one.received_at)}</th>
                <td>{one.sender || '–'}</td>
                <td>{one.kind}</td>
                <td>{one.control_id ?? '–'}</td>
                <td className={one.state === 'problem' ? 'operations-broken' : undefined}>{one.state}</td>
                <td className="operations-reason">{one.problem ?? '–'}</td>
                {may && (
                  <td>
                    {one.state === 'problem' && (
                      <button
                        type="button"
                        disabled={again.isPending}
                        onClick={() => again.mutate(one.message_id)}
                        aria-label={`Try again: message ${one.control_id ?? one.message_id}`}
                      >
                        Try again
                      </button>
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
