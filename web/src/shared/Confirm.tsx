import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog } from './Dialog';
import { Problem } from './Problem';

/** Asks before something that can't be taken back. Stays open with the service's words where it was refused. */
export function Confirm({
  title,
  does,
  act,
  onClose,
  children,
}: {
  title: string;
  /** The button's words: what happens, never "OK". */
  does: string;
  act: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}) {
  const acting = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {acting.isError && <Problem problem={acting.error} />}
      <div className="row">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" className="primary" disabled={acting.isPending} onClick={() => acting.mutate()}>
          {does}
        </button>
      </div>
    </Dialog>
  );
}
