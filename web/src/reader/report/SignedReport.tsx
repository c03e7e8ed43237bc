import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, changed } from '../../shared/api';
import { Problem } from '../../shared/Problem';
import { moment } from '../../shared/time';
import type { Reading } from '../useReading';

/** A signed report: locked, with its signature and what was added later. */
export function SignedReport({ reading }: { reading: Reading }) {
  const { report } = reading;
  return (
    <section id="reader-signed" tabIndex={-1}>
      <h2>{report.status === 'amended' ? 'Final report, amended' : 'Final report'}</h2>
      <p className="reader-signature">
        Signed by {report.signature?.by}, {moment(report.signature?.at)}. It is locked.
      </p>
      <p className="reader-final reader-words">{report.impression}</p>
      {report.addenda.map((one) => (
        <div key={`${one.at}${one.by}`} className="reader-addendum">
          <p className="meta">
            Addendum by {one.by}, {moment(one.at)}
          </p>
          <p className="reader-words">{one.text}</p>
        </div>
      ))}
      {reading.may.amend && <Addendum reading={reading} />}
    </section>
  );
}

/** Words to add. What was written here and not saved before somebody else signed is offered, not lost. */
function Addendum({ reading }: { reading: Reading }) {
  const id = reading.study.study_id;
  const { writing } = reading.draft;
  const left = writing.text === writing.saved ? '' : writing.text;
  const [text, setText] = useState(left);
  const adding = useMutation({
    mutationFn: () => api.post('/api/v1/studies/{study_id}/report/addenda', { path: { study_id: id }, body: { text } }),
    onSuccess: () => {
      setText('');
      reading.draft.type(writing.saved);
    },
    onSettled: () => changed(id),
  });
  return (
    <form
      className="reader-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') adding.mutate();
      }}
    >
      {left !== '' && <p className="reader-warning">These words of yours were not saved before the signature.</p>}
      <label className="reader-field">
        Addendum
        <textarea rows={3} value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {adding.isError && <Problem problem={adding.error} />}
      <div className="row">
        <button type="submit" disabled={adding.isPending || text.trim() === ''}>
          Sign the addendum
        </button>
      </div>
    </form>
  );
}
