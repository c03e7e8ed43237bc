import { type Asked, EVERYTHING, isNarrowed, type Tab } from './asked';
import type { Show } from './Worklist';

const NONE: Record<Tab, string> = {
  all: 'No study waits. New ones come by themselves.',
  my: 'No study is assigned to you. Press m on a study to take it.',
  unassigned: 'Every waiting study is somebody’s.',
  signed: 'No study has been signed yet.',
};

/** What an empty list says: that nothing waits, or that nothing passes what was asked for. */
export function Empty({ asked, text, show }: { asked: Asked; text: string; show: Show }) {
  if (!isNarrowed(asked, text)) return <p>{NONE[asked.tab]}</p>;
  return (
    <>
      <p>No study passes these filters.</p>
      <button type="button" onClick={() => show({ ...EVERYTHING, tab: asked.tab }, { text: '' })}>
        Show all of this list
      </button>
    </>
  );
}
