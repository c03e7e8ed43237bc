import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { api, changed, keys, type Schemas } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { person } from '../shared/person';

const MOST = 20;

/** Say which study an order is of: search, choose, match. */
export function Match({ order, onClose }: { order: Schemas['OrderView']; onClose: () => void }) {
  const [text, setText] = useState(order.patient.patient_id ?? order.accession_number ?? '');
  const [chosen, setChosen] = useState<string | null>(null);
  const asked = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: [...keys.worklist, 'match', asked],
    queryFn: ({ signal }) => api.get('/api/v1/worklist', { query: { text: asked || null, limit: MOST }, signal }),
    placeholderData: keepPreviousData,
  });
  const matching = useMutation({
    mutationFn: (study: string) =>
      api.post('/api/v1/orders/{order_id}/match', { path: { order_id: order.order_id }, body: { study_id: study } }),
    onSuccess: (_, study) => {
      changed(study);
      onClose();
    },
  });
  return (
    <Dialog title="Which study is this order of?" onClose={onClose}>
      <p dir="auto">
        {[person(order.patient.name), order.patient.patient_id, order.accession_number, order.procedure]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <label>
        Search studies by name, id, accession number or description
        <input value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {found.isError && <Problem problem={found.error} />}
      <fieldset className="operations-choices">
        <legend>
          <span role="status">{found.data ? `${found.data.total} studies found` : 'Searching…'}</span>
        </legend>
        {found.data?.rows.map((row) => (
          <Choice
            key={row.study_id}
            row={row}
            chosen={chosen === row.study_id}
            choose={() => setChosen(row.study_id)}
          />
        ))}
      </fieldset>
      {matching.isError && <Problem problem={matching.error} />}
      <div className="row">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button
          type="button"
          className="primary"
          disabled={chosen === null || matching.isPending}
          onClick={() => chosen && matching.mutate(chosen)}
        >
          This is its study
        </button>
      </div>
    </Dialog>
  );
}

function Choice({ row, chosen, choose }: { row: Schemas['WorklistRow']; chosen: boolean; choose: () => void }) {
  const told = [person(row.patient.name), row.patient.patient_id, row.study_date, row.modalities.join('+')];
  return (
    <label>
      <input type="radio" name="study" checked={chosen} onChange={choose} />
      <span dir="auto">{[...told, row.description].filter(Boolean).join(' · ')}</span>
    </label>
  );
}
