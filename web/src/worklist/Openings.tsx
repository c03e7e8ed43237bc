import { lazy, Suspense } from 'react';
import type { Row } from './words';

const Actions = lazy(() => import('./Actions'));
const Columns = lazy(() => import('./Columns'));
const Upload = lazy(() => import('./Upload'));
const Views = lazy(() => import('./Views'));
const Why = lazy(() => import('./Why'));

/** A dialog of the worklist. */
export type Opened = { what: 'why' | 'actions'; row: Row } | { what: 'views' | 'columns' | 'upload' };

interface Shown {
  opened: Opened;
  me: string;
  /** The query of the list's address, as a view keeps it. */
  address: string;
  change: (opened: Opened | null) => void;
}

/** The dialog that is open; its code comes when it is asked for. */
export function Openings({ opened, me, address, change }: Shown) {
  const close = (): void => change(null);
  return (
    <Suspense fallback={null}>
      {opened.what === 'why' && <Why row={opened.row} onClose={close} />}
      {opened.what === 'actions' && (
        <Actions row={opened.row} me={me} onWhy={() => change({ what: 'why', row: opened.row })} onClose={close} />
      )}
      {opened.what === 'views' && <Views address={address} onClose={close} />}
      {opened.what === 'columns' && <Columns onClose={close} />}
      {opened.what === 'upload' && <Upload onClose={close} />}
    </Suspense>
  );
}
