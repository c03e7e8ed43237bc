import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schemas } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Scroll } from '../shared/Scroll';
import { span } from '../shared/time';
import { Urgency } from '../shared/Urgency';

const MOST = 100;

/** The findings that may be named here, with their codes and the urgency each brings at least. */
export function Vocabulary() {
  const [text, setText] = useState('');
  const words = useQuery({
    queryKey: ['vocabulary'],
    queryFn: ({ signal }) => api.get('/api/v1/vocabulary', { signal }),
    staleTime: 3_600_000,
  });
  const wanted = text.trim().toLowerCase();
  const found = (words.data?.terms ?? []).filter((one) =>
    `${one.label} ${one.code} ${one.region} ${one.modalities.join(' ')} ${one.coding?.code ?? ''}`
      .toLowerCase()
      .includes(wanted),
  );
  return (
    <>
      <h2>Vocabulary</h2>
      {words.isError && <Problem problem={words.error} retry={() => void words.refetch()} />}
      {words.isPending && <p role="status">Loading…</p>}
      {words.data && (
        <>
          <p className="meta">
            Version {words.data.version}, signed off by {words.data.signed_off_by ?? 'nobody yet'}. The file that{' '}
            <code>vocabulary_file</code> names changes it.
          </p>
          <div className="row">
            <label className="row">
              Search findings <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
            </label>
            <span role="status" className="meta">
              {found.length} of {words.data.terms.length} findings
              {found.length > MOST && `, the first ${MOST} are shown`}
            </span>
          </div>
          {found.length > 0 && <Table terms={found.slice(0, MOST)} />}
        </>
      )}
    </>
  );
}

function Table({ terms }: { terms: readonly Schemas['Term'][] }) {
  return (
    <Scroll name="Table: findings">
      <table>
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">Code</th>
            <th scope="col">Region</th>
            <th scope="col">Modalities</th>
            <th scope="col">At least</th>
            <th scope="col">Act within</th>
            <th scope="col">Published code</th>
          </tr>
        </thead>
        <tbody>
          {terms.map((one) => (
            <tr key={one.code}>
              <th scope="row">{one.label}</th>
              <td>
                <code>{one.code}</code>
              </td>
              <td>{one.region}</td>
              <td>{one.modalities.join(', ') || 'any'}</td>
              <td>
                <Urgency priority={one.floor} />
              </td>
              <td>{one.target_min > 0 ? span(one.target_min * 60) : '–'}</td>
              <td>{one.coding ? `${one.coding.system} ${one.coding.code} (${one.coding.match})` : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
