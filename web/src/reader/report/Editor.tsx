import { useState } from 'react';
import { stateWords } from '../draft';
import { type Reading, WORDS_ID } from '../useReading';
import { fromDecided } from '../words';
import { Merge } from './Merge';

/** The impression while it is written. Nothing ever replaces the words in it but the person's own hand. */
export function Editor({ reading }: { reading: Reading }) {
  const { draft, report, may, first } = reading;
  const { writing } = draft;
  const [comparing, setComparing] = useState(true);
  const conflict = writing.state === 'conflict';
  const calm = writing.state === 'saved' || writing.state === 'saving' || writing.state === 'waiting';
  return (
    <section className="reader-editor">
      <label htmlFor={WORDS_ID}>
        <h2>Impression (draft)</h2>
      </label>
      <textarea
        id={WORDS_ID}
        rows={9}
        readOnly={!may.write}
        value={writing.text}
        aria-describedby="reader-saved"
        onChange={(event) => draft.type(event.target.value)}
        onBlur={() => {
          if (may.write && writing.state === 'waiting') void draft.save();
        }}
      />
      <p id="reader-saved" role="status" className={calm ? 'meta' : 'reader-wrong'} data-state={writing.state}>
        {stateWords(writing)}
      </p>
      {may.write && <Buttons reading={reading} compare={conflict ? () => setComparing(true) : undefined} />}
      {conflict && comparing && writing.theirs && (
        <Merge writing={writing} theirs={writing.theirs} resolve={draft.resolve} close={() => setComparing(false)} />
      )}
      {!first.hidden && report.impression && (
        <details className="reader-fold" open={!may.write}>
          <summary>
            {report.findings.length > 0 ? 'What AI wrote (preliminary)' : 'In place of an AI impression'}
          </summary>
          <p className="reader-words">{report.impression}</p>
        </details>
      )}
    </section>
  );
}

function Buttons({ reading, compare }: { reading: Reading; compare: (() => void) | undefined }) {
  const { draft, report, first } = reading;
  const sentences = first.hidden ? '' : fromDecided([...report.findings, ...report.added]);
  const fill = (): void => {
    const { text } = draft.writing;
    const lines = sentences.split('\n').filter((line) => line && !text.includes(line));
    if (lines.length > 0) draft.type([text.trimEnd(), ...lines].filter(Boolean).join('\n'));
  };
  return (
    <div className="row">
      {compare && (
        <button type="button" className="primary" onClick={compare}>
          Compare both texts
        </button>
      )}
      {sentences && (
        <button type="button" onClick={fill}>
          Add the decided findings
        </button>
      )}
      <button type="button" onClick={() => void draft.save()}>
        Save (Ctrl+S)
      </button>
      {reading.may.sign && (
        <button type="button" className="primary" onClick={reading.sign}>
          {reading.blocked ?? 'Sign… (Ctrl+Enter)'}
        </button>
      )}
    </div>
  );
}
