import { type FormEvent, useState } from 'react';
import { usePreferences } from '../shared/api';
import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { renamed, type View, viewsOf, withView } from './views';

/** Keep the list as it is asked for now under a name; rename and remove such views. */
export default function Views({ address, onClose }: { address: string; onClose: () => void }) {
  const { preferences, known, keep } = usePreferences();
  const views = viewsOf(preferences['worklist.views']);
  const [problem, setProblem] = useState<unknown>(null);
  const store = (wanted: readonly View[]): void => {
    setProblem(null);
    keep({ 'worklist.views': wanted }).catch(setProblem);
  };
  const add = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name') ?? '').trim();
    if (name === '') return;
    event.currentTarget.reset();
    store(withView(views, { name, query: address }));
  };
  return (
    <Dialog title="Saved views" onClose={onClose}>
      <form onSubmit={add} className="row">
        <label>
          Name of this view <input name="name" maxLength={40} required disabled={!known} autoComplete="off" />
        </label>
        <button type="submit" disabled={!known}>
          Save this view
        </button>
      </form>
      <p className="meta">A view keeps list, filters and order, not the words that are searched for.</p>
      <ul className="worklist-kept">
        {views.map((view) => (
          <li key={view.name} className="row">
            <input
              aria-label={`Name of view ${view.name}`}
              defaultValue={view.name}
              maxLength={40}
              onBlur={(event) => store(renamed(views, view.name, event.target.value))}
              onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
            />
            <button type="button" onClick={() => store(views.filter((one) => one !== view))}>
              Remove<span className="unseen"> view {view.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {problem !== null && <Problem problem={problem} />}
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}
