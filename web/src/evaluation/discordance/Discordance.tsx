import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { api, keys, type Schemas, useMay } from '../../shared/api';
import { moment } from '../../shared/time';
import { Asked } from '../Asked';
import { Loose } from '../Loose';
import { Rows } from '../Rows';
import { Adjudications } from './Adjudications';
import { Bias } from './Bias';
import { Decisions } from './Decisions';
import { Groups } from './Groups';
import { LINE_COLUMNS } from './lines';
import { Weeks } from './Weeks';

type Told = Schemas['Discordance'];

/** AI against the signed reports: how often it was right in service, what humans did with it, what is to be settled. */
export function Discordance() {
  const [search, setSearch] = useSearchParams();
  const may = useMay('adjudicate');
  const asked = Object.fromEntries(
    (['since', 'until'] as const).flatMap((one) => (search.get(one) ? [[one, `${search.get(one)}T00:00:00Z`]] : [])),
  );
  const figures = useQuery({
    queryKey: [...keys.evaluation, 'discordance', asked],
    queryFn: ({ signal }) => api.get('/api/v1/discordance', { query: asked, signal }),
    placeholderData: keepPreviousData,
  });
  const choose = (name: string, value: string): void =>
    setSearch((before) => {
      const { [name]: _, ...rest } = Object.fromEntries(before);
      return value === '' ? rest : { ...rest, [name]: value };
    });
  return (
    <>
      {may && <Adjudications />}
      <section aria-labelledby="evaluation-discordance">
        <h2 id="evaluation-discordance">AI against signed reports</h2>
        <div className="row">
          {(['since', 'until'] as const).map((one) => (
            <label key={one} className="row">
              {one === 'since' ? 'Signed from (UTC)' : 'until before (UTC)'}
              <input type="date" value={search.get(one) ?? ''} onChange={(event) => choose(one, event.target.value)} />
            </label>
          ))}
        </div>
        <Asked query={figures}>{(told) => <Shown told={told} />}</Asked>
      </section>
    </>
  );
}

function Shown({ told }: { told: Told }) {
  const { totals } = told;
  return (
    <>
      <p>
        Studies signed from {moment(told.since)} until {moment(told.until)}: {totals.signed}, over an answer of AI:{' '}
        {totals.with_ai}. Adjudicators found AI right: {totals.adjudicated.ai_right}, the report right:{' '}
        {totals.adjudicated.human_right}, undecidable: {totals.adjudicated.undecidable}. Of agreements drawn by chance
        both were right: {totals.adjudicated.both_right}, both wrong: {totals.adjudicated.both_wrong}.
      </p>
      {(told.remarks ?? []).map((one) => (
        <p key={one} className="meta">
          {one}
        </p>
      ))}
      {totals.with_ai === 0 ? (
        <p role="status" className="card">
          Nothing to compare yet: in this time no report was signed over an answer of AI.
        </p>
      ) : (
        <>
          <h3>Readers</h3>
          <Rows
            name="Table: readers against reports"
            rows={totals.readers}
            of={(row) => row.reader}
            columns={[{ head: 'Reader', tell: (row) => row.reader }, ...LINE_COLUMNS]}
          />
          <Weeks weeks={told.weeks} />
          <Groups lines={told.by_group} />
          {totals.beyond.length > 0 && (
            <>
              <h3>What humans told and no reader was asked about</h3>
              <Loose name="Table: beyond the readers" rows={totals.beyond} />
            </>
          )}
          <Decisions told={told.decisions} />
          <Bias told={told.bias} />
        </>
      )}
    </>
  );
}
