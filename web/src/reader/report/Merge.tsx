import { useId, useState } from 'react';
import type { Schemas } from '../../shared/api';
import { Dialog } from '../../shared/Dialog';
import { moment } from '../../shared/time';
import type { Writing } from '../draft';

/** Two people wrote: both texts stand side by side until a person has chosen or joined them. Nothing is lost. */
export function Merge({
  writing,
  theirs,
  resolve,
  close,
}: {
  writing: Writing;
  theirs: Schemas['DraftView'];
  resolve: (text: string) => void;
  close: () => void;
}) {
  const [joined, setJoined] = useState(`${theirs.text.trimEnd()}\n${writing.text}`);
  const name = useId();
  const who = theirs.by ?? 'somebody else';
  const choose = (text: string) => () => {
    resolve(text);
    close();
  };
  return (
    <Dialog title="The draft was changed meanwhile" onClose={close}>
      <p>
        {who} saved other words at {moment(theirs.at)}. Yours are not saved yet. Choose one text, or join both.
      </p>
      <div className="reader-sides">
        <Side title="Your words" text={writing.text} does="Keep yours" choose={choose(writing.text)} />
        <Side title={`Words of ${who}`} text={theirs.text} does="Take theirs" choose={choose(theirs.text)} />
      </div>
      <label htmlFor={name}>Both, joined</label>
      <textarea id={name} rows={6} value={joined} onChange={(event) => setJoined(event.target.value)} />
      <div className="row">
        <button type="button" className="primary" onClick={choose(joined)}>
          Save the joined text
        </button>
        <button type="button" onClick={close}>
          Decide later
        </button>
      </div>
    </Dialog>
  );
}

function Side({ title, text, does, choose }: { title: string; text: string; does: string; choose: () => void }) {
  return (
    <div>
      <h3>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by keyboard */}
      <section className="reader-text" tabIndex={0} aria-label={title}>
        {text || '(empty)'}
      </section>
      <button type="button" onClick={choose}>
        {does}
      </button>
    </div>
  );
}
