import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, changed, type Schemas } from '../../shared/api';
import { Dialog } from '../../shared/Dialog';
import { Problem } from '../../shared/Problem';
import type { ReportView, StudyView } from '../asked';
import { isCard } from '../useFindings';
import { called, isRejected, standing } from '../words';
import { localTime, MEANS } from './means';

/** Write down who was told, how, when and of what. What is written down stays. */
export function TellForm({
  study,
  report,
  hidden,
  close,
}: {
  study: StudyView;
  report: ReportView;
  /** While one reads first, AI's findings are not offered. */
  hidden: boolean;
  close: () => void;
}) {
  const [now] = useState(() => localTime(new Date()));
  const all = hidden ? report.added : [...report.findings, ...report.added];
  const cards = all.filter((one) => isCard(one) && !isRejected(one));
  const telling = useMutation({
    mutationFn: (body: Schemas['NewCommunication']) =>
      api.post('/api/v1/studies/{study_id}/communications', { path: { study_id: study.study_id }, body }),
    onSuccess: () => {
      changed(study.study_id);
      close();
    },
  });
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    telling.mutate(told(new FormData(event.currentTarget)));
  };
  return (
    <Dialog title="Who was told" onClose={close}>
      <form className="reader-form" onSubmit={send}>
        <label className="reader-field">
          Told to
          <input name="told_to" required maxLength={500} />
        </label>
        <label className="reader-field">
          Their role
          <input name="role" maxLength={500} />
        </label>
        <div className="row">
          <label className="reader-field">
            By which means
            <select name="means">
              {Object.entries(MEANS).map(([value, word]) => (
                <option key={value} value={value}>
                  {word}
                </option>
              ))}
            </select>
          </label>
          <label className="reader-field">
            When
            <input name="told_at" type="datetime-local" required defaultValue={now} />
          </label>
        </div>
        <label className="reader-check">
          <input name="read_back" type="checkbox" /> They read it back
        </label>
        {cards.length > 0 && <Which cards={cards} />}
        <label className="reader-field">
          What was said
          <textarea name="words" rows={3} required maxLength={10_000} />
        </label>
        {telling.isError && <Problem problem={telling.error} />}
        <div className="row">
          <button type="submit" className="primary" disabled={telling.isPending}>
            Write it down
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Which({ cards }: { cards: ReportView['findings'] }) {
  return (
    <fieldset>
      <legend>Of which findings</legend>
      {cards.map((one) => (
        <label key={one.finding_id} className="reader-check">
          <input name="findings" type="checkbox" value={standing(one).code} /> {called(one)}
        </label>
      ))}
    </fieldset>
  );
}

function told(form: FormData): Schemas['NewCommunication'] {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  return {
    told_to: text('told_to'),
    role: text('role') || null,
    means: text('means') as Schemas['Means'],
    read_back: form.get('read_back') !== null,
    findings: [...new Set(form.getAll('findings').map(String))],
    words: text('words'),
    told_at: new Date(text('told_at')).toISOString(),
  };
}
