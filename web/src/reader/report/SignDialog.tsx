import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, changed } from '../../shared/api';
import { Dialog } from '../../shared/Dialog';
import { Problem } from '../../shared/Problem';
import { useCommunications } from '../asked';
import type { Reading } from '../useReading';
import { called, details, isRejected, standing } from '../words';

/** What is signed, exactly as it is signed: the words, the findings, and what becomes of the report. */
export function SignDialog({ reading }: { reading: Reading }) {
  const { report, study, draft, setSigning } = reading;
  const own = draft.writing.text.trim() !== '';
  const text = own ? draft.writing.text : report.impression;
  const told = useCommunications(study.study_id);
  const untold = report.priority === 'P1' && told.data?.communications.length === 0;
  const signing = useMutation({
    mutationFn: () =>
      api.post('/api/v1/studies/{study_id}/report/sign', {
        path: { study_id: study.study_id },
        body: { report_id: report.report_id, text },
      }),
    onSuccess: () => {
      setSigning(false);
      reading.aim('reader-signed');
    },
    onSettled: () => changed(study.study_id),
  });
  const act = useRef<HTMLButtonElement>(null);
  useEffect(() => act.current?.focus(), []); // the dialog's one act; what is signed stands above it
  return (
    <Dialog title="Sign this report" onClose={() => setSigning(false)}>
      <p>
        The report becomes <strong>final</strong>, signed by {reading.me}. It can be added to and withdrawn, never
        changed.
      </p>
      <Warnings untold={untold} outdated={report.outdated} />
      <h3>Impression{own ? '' : ' (the preliminary one: you wrote none)'}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by keyboard */}
      <section className="reader-text" tabIndex={0} aria-label="Impression to be signed">
        {text}
      </section>
      <Signed reading={reading} />
      {reading.blocked && <p className="reader-wrong">{reading.blocked}</p>}
      {signing.isError && <Problem problem={signing.error} />}
      <div className="row">
        <button
          type="button"
          className="primary"
          ref={act}
          disabled={signing.isPending || reading.blocked !== null}
          onClick={() => signing.mutate()}
        >
          Sign as {reading.me}
        </button>
        <button type="button" onClick={() => setSigning(false)}>
          Not yet
        </button>
      </div>
    </Dialog>
  );
}

function Signed({ reading }: { reading: Reading }) {
  const cards = reading.findings.cards;
  const there = cards.filter((one) => !isRejected(one));
  const rejected = cards.filter(isRejected);
  return (
    <>
      <h3>Findings</h3>
      <ul className="reader-signed-findings">
        {there.map((one) => (
          <li key={one.finding_id}>
            {called(one)}: {standing(one).presence.replace('_', ' ')}
            {details(one) && `, ${details(one)}`}
          </li>
        ))}
        {rejected.map((one) => (
          <li key={one.finding_id} className="dim">
            {called(one)}: rejected, goes out as not seen
          </li>
        ))}
        {cards.length === 0 && <li>No finding is called present or uncertain.</li>}
      </ul>
    </>
  );
}

function Warnings({ untold, outdated }: { untold: boolean; outdated: boolean }) {
  return (
    <>
      {untold && (
        <p className="reader-warning" role="note">
          <strong>Critical, and nobody is written down as told.</strong> You can sign all the same; write down whom you
          told on the Report tab.
        </p>
      )}
      {outdated && (
        <p className="reader-warning" role="note">
          <strong>Images came after this report was made.</strong>
        </p>
      )}
    </>
  );
}
