import { type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, type Permission, sessionEnded, useMay, useSession } from './api';
import { Dialog } from './Dialog';
import './frame.css';
import { type Shortcut, useShortcuts } from './keyboard';

const BANNER = 'Research use only – AI preliminary, not for diagnosis';
const PLACES: readonly { to: string; name: string; needs: Permission }[] = [
  { to: '/', name: 'Worklist', needs: 'worklist' },
  { to: '/operations', name: 'Operations', needs: 'operations' },
  { to: '/evaluation', name: 'Evaluation', needs: 'evaluation_view' },
  { to: '/settings', name: 'Settings', needs: 'own_account' },
];

/** What every page stands in: where one is, the banner, who is logged in, the page's keys behind `?`. */
export function Frame({
  title,
  heading,
  shortcuts = [],
  children,
}: {
  /** The browser tab's words: never a patient's. */
  title: string;
  /** What stands in the header beside the name. */
  heading?: ReactNode;
  shortcuts?: readonly Shortcut[];
  children: ReactNode;
}) {
  const [help, setHelp] = useState(false);
  useShortcuts([...shortcuts, { key: '?', does: 'show the keys of this page', run: () => setHelp(true) }]);
  useEffect(() => {
    document.title = `${title} · wetread`;
  }, [title]);
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="frame-top">
        <h1>{heading ?? title}</h1>
        <Places />
        <span className="grow" />
        <span className="banner">{BANNER}</span>
        <button type="button" onClick={() => setHelp(true)} aria-label="Keys of this page">
          ?
        </button>
        <Person />
      </header>
      <main id="main" className="frame-main" tabIndex={-1}>
        {children}
      </main>
      {help && <Keys shortcuts={shortcuts} onClose={() => setHelp(false)} />}
    </div>
  );
}

function Places() {
  const [here] = useLocation();
  const { data } = useSession();
  return (
    <nav aria-label="Main" className="row">
      {PLACES.filter((place) => data?.permissions.includes(place.needs)).map((place) => (
        <Link
          key={place.to}
          href={place.to}
          aria-current={here === place.to || here.startsWith(`${place.to}/`) ? 'page' : undefined}
        >
          {place.name}
        </Link>
      ))}
      <Link href="/about" aria-current={here === '/about' ? 'page' : undefined}>
        About
      </Link>
    </nav>
  );
}

function Person() {
  const { data } = useSession();
  const may = useMay('own_account');
  if (!data || !may) return null;
  const leave = async (): Promise<void> => {
    await api.post('/api/v1/logout');
    sessionStorage.clear(); // what a person left unsaved is theirs alone
    sessionEnded();
  };
  return (
    <span className="row">
      <span className="dim">{data.name}</span>
      <button type="button" onClick={() => void leave()}>
        Log out
      </button>
    </span>
  );
}

function Keys({ shortcuts, onClose }: { shortcuts: readonly Shortcut[]; onClose: () => void }) {
  return (
    <Dialog title="Keys of this page" onClose={onClose}>
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Does</th>
          </tr>
        </thead>
        <tbody>
          {shortcuts.map((one) => (
            <tr key={one.key}>
              <td>
                <kbd>{one.key}</kbd>
              </td>
              <td>{one.does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}
