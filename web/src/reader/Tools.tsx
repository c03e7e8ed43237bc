import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, changed } from '../shared/api';
import { Problem } from '../shared/Problem';
import { Again } from './Again';
import type { Overlays } from './useReaderKeys';
import type { Reading } from './useReading';

/** Whose heat map is shown, of those that left one. */
export interface HeatChoice {
  reader: string | null;
  readers: readonly string[];
  choose: (reader: string) => void;
}

/** What can be done with the study as a whole. What a person may not do has no button. */
export function Tools({ reading, overlays, heat }: { reading: Reading; overlays: Overlays; heat: HeatChoice }) {
  const { study, me, may, first } = reading;
  const [asking, setAsking] = useState(false);
  const assigning = useMutation({
    mutationFn: (assignee: string | null) =>
      api.patch('/api/v1/studies/{study_id}', {
        path: { study_id: study.study_id },
        body: { assignee },
        ifMatch: study.etag,
      }),
    onSettled: () => changed(study.study_id),
  });
  const mine = study.assignee === me;
  return (
    <>
      <div className="reader-tools">
        <div className="row">
          {may.change && (
            <button type="button" disabled={assigning.isPending} onClick={() => assigning.mutate(mine ? null : me)}>
              {mine ? 'Give back' : 'Assign to me'}
            </button>
          )}
          {study.assignee && !mine && <span className="meta">assigned to {study.assignee}</span>}
          {may.change && !reading.signed && !first.hidden && (
            <button type="button" onClick={() => setAsking(true)}>
              Ask AI again…
            </button>
          )}
          <button type="button" aria-pressed={first.on} disabled={study.blinded} onClick={first.toggle}>
            {study.blinded ? 'Read first (drawn by chance)' : 'Read first'}
          </button>
          {!first.hidden && <Link href={`/study/${study.study_id}/compare`}>Compare</Link>}
          {!first.hidden && <Link href={`/study/${study.study_id}/report`}>For paper</Link>}
        </div>
        {!first.hidden && <Layers overlays={overlays} heat={heat} />}
        {assigning.isError && <Problem problem={assigning.error} />}
      </div>
      {asking && <Again study={study.study_id} close={() => setAsking(false)} />}
    </>
  );
}

function Layers({ overlays, heat }: { overlays: Overlays; heat: HeatChoice }) {
  return (
    <div className="row">
      <button type="button" aria-pressed={overlays.shown} onClick={overlays.toggle}>
        Overlays (o)
      </button>
      {heat.readers.length > 0 && (
        <button type="button" aria-pressed={overlays.heat} onClick={overlays.toggleHeat}>
          Heat map (h)
        </button>
      )}
      {heat.readers.length > 1 && (
        <label className="row">
          <span className="meta">of</span>
          <select value={heat.reader ?? ''} onChange={(event) => heat.choose(event.target.value)}>
            {heat.readers.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
