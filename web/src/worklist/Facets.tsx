import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { keys, type Schemas } from '../shared/api';
import { URGENCY } from '../shared/tokens';
import { AI_STATES, type Asked, EVERYTHING, isNarrowed, URGENCIES } from './asked';
import type { ListPage } from './pages';
import type { Show } from './Worklist';
import { AI_WORDS } from './words';

const MODALITIES = ['CR', 'DX', 'CT', 'MR', 'US', 'MG', 'NM', 'PT', 'XA', 'RF', 'OT'];

interface Shown {
  asked: Asked;
  counts: Schemas['Counts'] | undefined;
  show: Show;
}

/** What leaves studies out of the list: urgency, modality, site, AI's part, disagreement, overdue; and the order. */
export function Facets({ asked, counts, show }: Shown) {
  const change = (changed: Partial<Asked>): void => show({ ...asked, ...changed });
  const modalities = asked.modality && !MODALITIES.includes(asked.modality) ? [asked.modality] : [];
  return (
    <div className="worklist-facets">
      <Urgencies asked={asked} counts={counts} change={change} />
      <Choice
        name="Modality"
        value={asked.modality}
        choices={[...MODALITIES, ...modalities].map((one) => [one, one])}
        change={(modality) => change({ modality })}
      />
      <Site key={asked.source} source={asked.source} change={(source) => change({ source })} />
      <Choice
        name="AI"
        value={asked.ai}
        choices={AI_STATES.map((one) => [one, AI_WORDS[one]])}
        change={(ai) => change({ ai })}
      />
      <button
        type="button"
        aria-pressed={asked.disputed}
        onClick={() => change({ disputed: !asked.disputed })}
        title="Studies on which readers disagree about a finding"
      >
        Readers disagree
      </button>
      {asked.tab !== 'signed' && (
        <button type="button" aria-pressed={asked.overdue} onClick={() => change({ overdue: !asked.overdue })}>
          Overdue {asked.tab === 'all' && <span className="dim">{atLeast(counts?.overdue, counts?.counted_to)}</span>}
        </button>
      )}
      {isNarrowed(asked, '') && (
        <button type="button" onClick={() => show({ ...EVERYTHING, tab: asked.tab, sort: asked.sort })}>
          Clear
        </button>
      )}
    </div>
  );
}

function Urgencies({ asked, counts, change }: Omit<Shown, 'show'> & { change: (changed: Partial<Asked>) => void }) {
  const by = asked.tab === 'all' ? counts?.by_priority : undefined;
  return (
    <fieldset className="worklist-urgencies">
      <legend className="unseen">Urgency</legend>
      <button type="button" aria-pressed={asked.urgency === null} onClick={() => change({ urgency: null })}>
        All urgencies
      </button>
      {URGENCIES.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={asked.urgency === one}
          onClick={() => change({ urgency: asked.urgency === one ? null : one })}
          title={one === 'UNREAD' ? URGENCY.UNREAD.word : undefined}
        >
          <span className={`worklist-mark worklist-mark-${one.toLowerCase()}`} aria-hidden="true">
            {URGENCY[one].shape}
          </span>{' '}
          {one === 'UNREAD' ? 'unread' : URGENCY[one].word}
          {by && <span className="dim"> {(by[one] ?? 0).toLocaleString('en')}</span>}
        </button>
      ))}
    </fieldset>
  );
}

interface Chosen<T extends string> {
  name: string;
  value: T | null;
  choices: readonly (readonly [value: T, words: string])[];
  change: (value: T | null) => void;
}

function Choice<T extends string>({ name, value, choices, change }: Chosen<T>) {
  return (
    <label className="worklist-choice">
      <span className="meta">{name}</span>
      <select
        value={value ?? ''}
        data-chosen={value !== null}
        onChange={(event) => change(choices.find(([one]) => one === event.target.value)?.[0] ?? null)}
      >
        <option value="">any</option>
        {choices.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where studies come from: any name may be typed, those seen in the list are offered. */
function Site({ source, change }: { source: string | null; change: (source: string | null) => void }) {
  const [typed, setTyped] = useState(source ?? '');
  const cache = useQueryClient();
  const [seen, setSeen] = useState<readonly string[]>([]);
  const look = (): void => {
    const pages = cache.getQueriesData<ListPage>({ queryKey: [...keys.worklist, 'page'] });
    setSeen(
      [...new Set(pages.flatMap(([, page]) => page?.rows.map((row) => row.source ?? '') ?? []))].filter(Boolean).sort(),
    );
  };
  useEffect(() => {
    if (typed === (source ?? '') || (typed !== '' && !seen.includes(typed))) return;
    change(typed || null);
  }, [typed, source, seen, change]);
  return (
    <form
      className="worklist-choice"
      onSubmit={(event) => {
        event.preventDefault();
        change(typed.trim() || null);
      }}
    >
      <label className="worklist-choice">
        <span className="meta">Site</span>
        <input
          className="worklist-site"
          list="worklist-sites"
          value={typed}
          maxLength={64}
          placeholder="any"
          data-chosen={source !== null}
          onFocus={look}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <datalist id="worklist-sites">
        {seen.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </form>
  );
}

function atLeast(count: number | undefined, countedTo: number | undefined): string {
  if (count === undefined) return '';
  return count.toLocaleString('en') + (countedTo !== undefined && count >= countedTo ? '+' : '');
}
