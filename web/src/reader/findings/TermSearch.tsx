import { type KeyboardEvent, useId, useState } from 'react';
import { type Term, useVocabulary } from '../asked';
import { matching } from './terms';

/** Choose a finding of the site's vocabulary by typing: a combobox with a list, all of it by keyboard. */
export function TermSearch({
  chosen,
  modalities,
  problem,
  choose,
}: {
  chosen: string;
  modalities: readonly string[];
  problem: string | undefined;
  choose: (code: string) => void;
}) {
  const { data } = useVocabulary();
  const name = useId();
  const [text, setText] = useState(data?.terms.find((one) => one.code === chosen)?.label ?? '');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = matching(data?.terms ?? [], text, modalities);
  const take = (term: Term): void => {
    choose(term.code);
    setText(term.label);
    setOpen(false);
  };
  const pressed = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const here = found[active];
    if (by !== undefined) {
      setOpen(true);
      setActive((active + by + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter' && open && here) take(here);
    else if (event.key === 'Escape' && open) setOpen(false);
    else return;
    event.preventDefault();
  };
  return (
    <div className="reader-field">
      <label htmlFor={name}>Finding</label>
      <input
        id={name}
        role="combobox"
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: a dialog's first field, where a reader goes on typing
        autoFocus
        aria-expanded={open && found.length > 0}
        aria-controls={`${name}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && found[active] ? `${name}-${active}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${name}-problem` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          choose('');
          setOpen(true);
          setActive(0);
        }}
        onKeyDown={pressed}
        onBlur={() => setOpen(false)}
      />
      <div id={`${name}-list`} role="listbox" aria-label="Findings" className="reader-options" hidden={!open}>
        {found.map((term, number) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field's keys choose
          <div
            key={term.code}
            id={`${name}-${number}`}
            role="option"
            aria-selected={number === active}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(term)}
          >
            {term.label} <span className="meta">{`${term.region} · at least ${term.floor}`}</span>
          </div>
        ))}
      </div>
      <p role="status" className="unseen">
        {open ? `${found.length} findings match` : ''}
      </p>
      {problem && (
        <p id={`${name}-problem`} className="reader-wrong">
          {problem}
        </p>
      )}
    </div>
  );
}
