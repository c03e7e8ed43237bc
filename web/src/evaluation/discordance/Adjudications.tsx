import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { api, keys, type Schemas, useMay } from '../../shared/api';
import { rememberList } from '../../shared/list';
import { moment } from '../../shared/time';
import { Asked } from '../Asked';
import { Rows } from '../Rows';
import { Settle } from './Settle';
import { VERDICTS } from './verdicts';

type Row = Schemas['Adjudication'];
const STATES = ['open', 'settled', 'void'] as const;

/** Questions for an adjudicator: where AI and signed reports differ, critical ones first, then agreements by chance. */
export function Adjudications() {
  const [search, setSearch] = useSearchParams();
  const state = STATES.find((one) => one === search.get('state')) ?? 'open';
  const offset = Number.parseInt(search.get('offset') ?? '0', 10) || 0;
  const rows = useQuery({
    queryKey: [...keys.evaluation, 'adjudications', state, offset],
    queryFn: ({ signal }) => api.get('/api/v1/adjudications', { query: { state, offset }, signal }),
    placeholderData: keepPreviousData,
  });
  const choose = (changed: Record<string, string>): void => setSearch({ part: 'discordance', state, ...changed });
  return (
    <section aria-labelledby="evaluation-adjudications">
      <h2 id="evaluation-adjudications">Who was right?</h2>
      <Asked query={rows}>
        {(told) => (
          <>
            <label className="row">
              State
              <select value={state} onChange={(event) => choose({ state: event.target.value })}>
                {STATES.map((one) => (
                  <option key={one} value={one}>
                    {one} ({told.waiting[one] ?? 0})
                  </option>
                ))}
              </select>
            </label>
            {told.rows.length === 0 ? (
              <p role="status" className="card">
                {state === 'open' ? 'No question waits for an adjudicator.' : 'There is none in this state.'}
              </p>
            ) : (
              <Table rows={told.rows} open={state === 'open'} />
            )}
            <div className="row">
              <button
                type="button"
                disabled={offset === 0}
                onClick={() => choose({ offset: String(Math.max(0, offset - 50)) })}
              >
                ← Before
              </button>
              <button
                type="button"
                disabled={told.next === null}
                onClick={() => choose({ offset: String(told.next ?? 0) })}
              >
                After →
              </button>
            </div>
          </>
        )}
      </Asked>
    </section>
  );
}

function Table({ rows, open }: { rows: readonly Row[]; open: boolean }) {
  const [settling, settle] = useState<Row | null>(null);
  const may = useMay('study_view');
  const ids = [...new Set(rows.map((row) => row.study_id))];
  return (
    <>
      <Rows
        name="Table: adjudications"
        rows={rows}
        of={(row) => String(row.adjudication_id)}
        columns={[
          { head: 'Finding', tell: (row) => row.label },
          { head: 'Category', tell: (row) => (row.category === 1 ? '▲ 1 critical' : (row.category ?? '–')) },
          { head: 'AI', tell: (row) => row.ai },
          { head: 'Report', tell: (row) => `${row.human}${row.kind === 'agreed' ? ' (agreed)' : ''}` },
          { head: 'Readers', tell: (row) => row.readers.join(', ') },
          { head: 'Signed', tell: (row) => `${moment(row.at)}${row.signed_by_me ? ', by you' : ''}` },
          {
            head: 'Study',
            tell: (row) =>
              may ? (
                <Link href={`/study/${row.study_id}`} onClick={() => rememberList(ids)}>
                  open in the reader
                </Link>
              ) : (
                '–'
              ),
          },
          {
            head: open ? 'Act' : 'Settled',
            tell: (row) =>
              open ? (
                <button type="button" onClick={() => settle(row)}>
                  Settle…
                </button>
              ) : (
                settled(row)
              ),
          },
        ]}
      />
      {settling && <Settle row={settling} onClose={() => settle(null)} />}
    </>
  );
}

function settled(row: Row): string {
  if (row.verdict === null) return 'the report was changed before anybody settled it';
  return `${VERDICTS[row.verdict]}, by ${row.by}${row.by_signer ? ' (who signed)' : ''}: ${row.reason}`;
}
