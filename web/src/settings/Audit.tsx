import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { api, keys, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { moment } from '../shared/time';
import { ACTIONS, type Asked, asked, exported, NAMES, OUTCOMES } from './audit';
import { instant } from './checks';
import { Field } from './Field';

/** Who did what, newest first, as far as the chain holds. Looking here is written down too. */
export function Audit() {
  const [search, setSearch] = useSearchParams();
  const wanted = asked(search);
  const lines = useInfiniteQuery({
    queryKey: [...keys.settings, 'audit', wanted],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/v1/audit', { query: { ...wanted, before: pageParam, limit: 50 }, signal }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
    refetchOnWindowFocus: false, // each look is a line of its own
  });
  const rows = lines.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <h2>Audit</h2>
      <Verdict />
      <Filters key={search.toString()} wanted={wanted} find={(found) => setSearch(found)} />
      <p className="row">
        <span className="meta">All lines that match, oldest first:</span>
        {(['jsonl', 'fhir', 'atna'] as const).map((format) => (
          <a key={format} href={exported(wanted, format)} download>
            {{ jsonl: 'lines of JSON', fhir: 'FHIR AuditEvents', atna: 'ATNA messages' }[format]}
          </a>
        ))}
      </p>
      {lines.isError && <Problem problem={lines.error} retry={() => void lines.refetch()} />}
      {lines.isPending && <p role="status">Loading…</p>}
      {lines.data && rows.length === 0 && <p role="status">No line matches.</p>}
      {rows.length > 0 && <Table rows={rows} />}
      {lines.hasNextPage && (
        <button type="button" onClick={() => void lines.fetchNextPage()} disabled={lines.isFetchingNextPage}>
          Earlier lines
        </button>
      )}
    </>
  );
}

function Filters({ wanted, find }: { wanted: Asked; find: (found: Record<string, string>) => void }) {
  const [typed, setTyped] = useState<Record<string, string>>(
    Object.fromEntries(NAMES.map((name) => [name, wanted[name] ?? ''])),
  );
  const [times, setTimes] = useState({ since: '', until: '' });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const moments = { since: instant(times.since) ?? wanted.since, until: instant(times.until) ?? wanted.until };
    const all = Object.entries({ ...typed, ...moments }).map(([name, value]) => [name, (value ?? '').trim()] as const);
    find(Object.fromEntries(all.filter(([, value]) => value !== '')));
  };
  const field = (name: string) => ({
    value: typed[name] ?? '',
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  });
  return (
    <form onSubmit={submit} className="settings-inline" aria-label="Search the audit">
      <Field label="Who" {...field('actor')} />
      <Field label="Did what" list="settings-actions" {...field('action')} />
      <datalist id="settings-actions">
        {ACTIONS.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Field label="To what" placeholder="study/… or user/…" {...field('object')} />
      <label className="settings-field">
        Outcome
        <select {...field('outcome')}>
          <option value="">any</option>
          {OUTCOMES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <Field
        label="Since"
        type="datetime-local"
        hint={wanted.since ? `now from ${moment(wanted.since)}` : ''}
        value={times.since}
        onChange={(event) => setTimes({ ...times, since: event.target.value })}
      />
      <Field
        label="Until"
        type="datetime-local"
        hint={wanted.until ? `now to ${moment(wanted.until)}` : ''}
        value={times.until}
        onChange={(event) => setTimes({ ...times, until: event.target.value })}
      />
      <button type="submit" className="primary">
        Search
      </button>
      <button type="button" onClick={() => find({})}>
        All lines
      </button>
    </form>
  );
}

function Verdict() {
  const verdict = useQuery({
    queryKey: [...keys.settings, 'audit', 'verdict'],
    queryFn: ({ signal }) => api.get('/api/v1/audit/verdict', { signal }),
    enabled: false,
  });
  const told = verdict.data;
  return (
    <div className="row">
      <button type="button" disabled={verdict.isFetching} onClick={() => void verdict.refetch()}>
        Check the chain
      </button>
      <span role="status" className={told && !told.whole ? 'settings-problem' : undefined}>
        {verdict.isFetching && 'Walking the whole chain…'}
        {!verdict.isFetching &&
          told &&
          (told.whole
            ? `● The chain holds: ${told.lines} lines, head ${told.head}`
            : `▲ The chain breaks at line ${told.broken_at}: ${told.why}`)}
      </span>
      {verdict.isError && <Problem problem={verdict.error} />}
    </div>
  );
}

function Table({ rows }: { rows: readonly Schemas['AuditLine'][] }) {
  return (
    <Scroll name="Table: audit">
      <table>
        <thead>
          <tr>
            <th scope="col" className="number">
              Line
            </th>
            <th scope="col">At</th>
            <th scope="col">Who</th>
            <th scope="col">Did</th>
            <th scope="col">To</th>
            <th scope="col">Outcome</th>
            <th scope="col">From</th>
            <th scope="col">More</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.seq}>
              <th scope="row" className="number">
                {one.seq}
              </th>
              <td>{moment(one.at)}</td>
              <td>
                {one.actor} <span className="meta">{one.roles.join(', ')}</span>
              </td>
              <td>{one.action}</td>
              <td className="settings-object">{one.object}</td>
              <td className={one.outcome === 'success' ? undefined : 'settings-problem'}>
                {one.outcome === 'success' ? '' : '▲ '}
                {one.outcome}
              </td>
              <td>{one.address ?? '–'}</td>
              <td className="settings-object">{Object.keys(one.data).length > 0 ? JSON.stringify(one.data) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
