import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys, type Schemas } from '../shared/api';
import { dollars, UNKNOWN } from '../shared/figures';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';

type Model = Schemas['CatalogEntryView'];

/** What models cost, with where and when each price was read. A price that nobody knows is "–". */
export function Prices() {
  const [text, setText] = useState('');
  const prices = useQuery({
    queryKey: [...keys.settings, 'prices'],
    queryFn: ({ signal }) => api.get('/api/v1/settings/prices', { signal }),
  });
  const wanted = text.trim().toLowerCase();
  const models = (prices.data?.models ?? []).filter((one) =>
    `${one.model_id} ${one.title} ${one.provider} ${one.readers.join(' ')}`.toLowerCase().includes(wanted),
  );
  return (
    <>
      <h2>Prices</h2>
      {prices.isError && <Problem problem={prices.error} retry={() => void prices.refetch()} />}
      {prices.isPending && <p role="status">Loading…</p>}
      {prices.data && (
        <>
          <p className="meta">
            US dollars a million tokens on {prices.data.day}; catalog {prices.data.version}
            {prices.data.own_file ? ' with the entries of the site' : ''}. The file that <code>catalog_file</code> names
            changes them, or <code>price_input_usd</code> and <code>price_output_usd</code> of a reader.
          </p>
          <div className="row">
            <label className="row">
              Search models <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
            </label>
            <span role="status" className="meta">
              {models.length} of {prices.data.models.length} models
            </span>
          </div>
          {models.length > 0 && <Table models={models} />}
        </>
      )}
    </>
  );
}

function Table({ models }: { models: readonly Model[] }) {
  return (
    <Scroll name="Table: prices">
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Readers that ask it</th>
            <th scope="col" className="number">
              Input
            </th>
            <th scope="col" className="number">
              Output
            </th>
            <th scope="col">State</th>
            <th scope="col">Read from</th>
            <th scope="col">On</th>
          </tr>
        </thead>
        <tbody>
          {models.map((one) => (
            <tr key={`${one.provider} ${one.model_id}`}>
              <th scope="row">
                {one.title} <span className="meta">{`${one.provider}, ${one.model_id}`}</span>
              </th>
              <td>{one.readers.join(', ') || '–'}</td>
              <td className="number">{one.price ? dollars(one.price.input_usd) : UNKNOWN}</td>
              <td className="number">{one.price ? dollars(one.price.output_usd) : UNKNOWN}</td>
              <td className={one.ended ? 'settings-problem' : undefined}>{state(one)}</td>
              <td className="settings-source">{one.price?.source ?? UNKNOWN}</td>
              <td className="settings-date">{one.price?.date ?? UNKNOWN}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function state(one: Model): string {
  const told = [
    one.ended ? `⊘ ended on ${one.ends_on ?? 'an unknown day'}` : one.ends_on && `ends on ${one.ends_on}`,
    one.next_price?.since && `another price from ${one.next_price.since}`,
    one.images === false && 'takes no pictures',
    one.unconfirmed && 'not confirmed',
    one.price?.differs,
  ];
  return told.filter(Boolean).join('; ') || one.status;
}
