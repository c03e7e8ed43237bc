import { type FormEvent, useState } from 'react';
import { Dialog } from '../../shared/Dialog';
import { words } from '../../shared/Problem';
import { addFinding, decide } from '../asked';
import { called, PRESENCE, SIDES } from '../words';
import { Boxes } from './Boxes';
import { type FindingForm, toldOf, wrong } from './form';
import { TermSearch } from './TermSearch';

/** Edit a finding or add one. What is typed stays while a box is drawn; nothing is lost when the service refuses. */
export function FindingDialog({
  study,
  modalities,
  form,
  change,
  draw,
  close,
  done,
}: {
  study: string;
  modalities: readonly string[];
  form: FindingForm;
  change: (form: FindingForm) => void;
  /** Leave the dialog to draw a box; absent where no picture takes one. */
  draw: (() => void) | undefined;
  close: () => void;
  done: (finding: string) => void;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const faults = tried ? wrong(form) : {};
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong(form)).length > 0) return;
    try {
      done(await keep(study, form));
    } catch (refused) {
      setProblem(words(refused));
    }
  };
  return (
    <Dialog title={form.view ? `Edit: ${called(form.view)}` : 'Add a finding'} onClose={close}>
      <form className="reader-form" onSubmit={(event) => void send(event)} noValidate>
        {form.view === null && (
          <TermSearch
            chosen={form.code}
            modalities={modalities}
            problem={faults.code}
            choose={(code) => change({ ...form, code })}
          />
        )}
        <Choices form={form} change={change} />
        <Line form={form} change={change} name="location" label="Place" problem={faults.location} />
        <Line form={form} change={change} name="severity" label="Severity" problem={faults.severity} />
        <Line form={form} change={change} name="rationale" label="In words" problem={faults.rationale} />
        <Boxes form={form} change={change} draw={draw} />
        {problem && (
          <p role="alert" className="reader-wrong">
            {problem}
          </p>
        )}
        <div className="row">
          <button type="submit" className="primary">
            {form.view ? 'Save the edit' : 'Add the finding'}
          </button>
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

async function keep(study: string, form: FindingForm): Promise<string> {
  const told = toldOf(form);
  if (form.view === null) return addFinding(study, { ...told, code: form.code });
  await decide(study, form.view.finding_id, { decision: 'edit', told });
  return form.view.finding_id;
}

interface Part {
  form: FindingForm;
  change: (form: FindingForm) => void;
}

function Choices({ form, change }: Part) {
  return (
    <div className="row">
      <label className="reader-field">
        Presence
        <select
          value={form.presence}
          onChange={(event) => change({ ...form, presence: event.target.value as FindingForm['presence'] })}
        >
          {Object.entries(PRESENCE).map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <label className="reader-field">
        Side
        <select
          value={form.laterality}
          onChange={(event) => change({ ...form, laterality: event.target.value as FindingForm['laterality'] })}
        >
          <option value="">not told</option>
          {SIDES.map((side) => (
            <option key={side} value={side}>
              {side}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Line({
  form,
  change,
  name,
  label,
  problem,
}: Part & { name: 'location' | 'severity' | 'rationale'; label: string; problem: string | undefined }) {
  return (
    <label className="reader-field">
      {label}
      <input
        value={form[name]}
        maxLength={600}
        aria-invalid={problem !== undefined}
        onChange={(event) => change({ ...form, [name]: event.target.value })}
      />
      {problem && <span className="reader-wrong">{problem}</span>}
    </label>
  );
}
