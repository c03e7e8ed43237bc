import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { api, keys, type Schemas, useMay } from '../../shared/api';
import { rememberList } from '../../shared/list';
import { Urgency } from '../../shared/Urgency';
import { Asked } from '../Asked';
import { Rows } from '../Rows';
import { useEvaluations } from '../useEvaluations';
import { plain } from '../words';

type Row = Schemas['ErrorRow'];
const FILTERS = ['reader', 'code', 'kind'] as const;
const WORDS: Record<string, string> = { missed: 'missed', false: 'falsely told' };

/** Every case that a reader got wrong; those that the store has open in the reader. */
export function Errors() {
  const { list, chosen } = useEvaluations();
  return (
    <Asked query={list}>
      {() =>
        chosen ? (
          <Gallery name={chosen.name} />
        ) : (
          <p role="status" className="card">
            No errors yet: nothing has been measured on this site&apos;s studies.
          </p>
        )
      }
    </Asked>
  );
}

function Gallery({ name }: { name: string }) {
  const [search, setSearch] = useSearchParams();
  const asked = Object.fromEntries(FILTERS.flatMap((one) => (search.get(one) ? [[one, search.get(one)]] : [])));
  const offset = Number.parseInt(search.get('offset') ?? '0', 10) || 0;
  const errors = useQuery({
    queryKey: [...keys.evaluation, 'errors', name, asked, offset],
    queryFn: ({ signal }) =>
      api.get('/api/v1/evaluations/{name}/errors', { path: { name }, query: { ...asked, offset }, signal }),
    placeholderData: keepPreviousData,
  });
  const choose = (changed: Record<string, string>): void => {
    const wanted = { part: 'errors', name, ...asked, ...changed };
    setSearch(Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== '')));
  };
  return (
    <section aria-labelledby="evaluation-errors">
      <h2 id="evaluation-errors">What readers got wrong in {name}</h2>
      <Asked query={errors}>{(told) => <Told told={told} asked={asked} choose={choose} />}</Asked>
    </section>
  );
}

function Told({
  told,
  asked,
  choose,
}: {
  told: Schemas['ErrorRows'];
  asked: Record<string, string | null>;
  choose: (changed: Record<string, string>) => void;
}) {
  const choices = { reader: told.readers, code: told.codes, kind: told.kinds };
  const names = { reader: 'Reader', code: 'Finding', kind: 'Error' };
  const last = told.offset + told.rows.length;
  return (
    <>
      <div className="row">
        {FILTERS.map((one) => (
          <label key={one} className="row">
            {names[one]}
            <select value={asked[one] ?? ''} onChange={(event) => choose({ [one]: event.target.value })}>
              <option value="">all</option>
              {choices[one].map((choice) => (
                <option key={choice.value} value={choice.value}>
                  {WORDS[choice.label] ?? choice.label} ({choice.n})
                </option>
              ))}
            </select>
          </label>
        ))}
        <span role="status" className="meta">
          {told.total === 0 ? 'No error of this kind.' : `${told.offset + 1} to ${last} of ${told.total}`}
        </span>
      </div>
      {told.rows.length > 0 && <Table rows={told.rows} />}
      <div className="row">
        <button
          type="button"
          disabled={told.offset === 0}
          onClick={() => choose({ offset: String(Math.max(0, told.offset - 50)) })}
        >
          ← Before
        </button>
        <button type="button" disabled={last >= told.total} onClick={() => choose({ offset: String(last) })}>
          After →
        </button>
      </div>
    </>
  );
}

function Table({ rows }: { rows: readonly Row[] }) {
  const may = useMay('study_view');
  const opens = [...new Set(rows.flatMap((row) => (row.study_id ? [row.study_id] : [])))];
  return (
    <Rows
      name="Table: errors"
      rows={rows}
      of={(row) => `${row.reader} ${row.case_id} ${row.code}`}
      columns={[
        {
          head: 'Case',
          tell: (row) =>
            row.study_id && may ? (
              <Link href={`/study/${row.study_id}`} onClick={() => rememberList(opens)}>
                {row.case_id}
              </Link>
            ) : (
              row.case_id
            ),
        },
        { head: 'Finding', tell: (row) => row.label },
        { head: 'Error', tell: (row) => `${row.kind === 'missed' ? '○' : '●'} ${WORDS[row.kind]}` },
        { head: 'Reader', tell: (row) => row.reader },
        { head: 'Score', number: true, tell: (row) => plain(row.score) },
        {
          head: 'Threshold',
          number: true,
          tell: (row) => (row.threshold === null ? 'its own decision' : plain(row.threshold)),
        },
        { head: 'Due', tell: (row) => <Urgency priority={row.priority_due} /> },
        { head: 'Told', tell: (row) => <Urgency priority={row.priority_told} /> },
        { head: 'Study', tell: (row) => (row.study_id === null ? 'not in the store' : 'opens in the reader') },
      ]}
    />
  );
}
