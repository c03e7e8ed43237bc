import { Dialog } from '../shared/Dialog';
import { Problem } from '../shared/Problem';
import { moment } from '../shared/time';
import { type StudyView, useTrace } from './asked';

/** Why the study stands where it stands, and everything that was decided about it. */
export function Why({ study, close }: { study: StudyView; close: () => void }) {
  const trace = useTrace(study.study_id);
  return (
    <Dialog title="Why it stands here" onClose={close}>
      <ol className="reader-words">
        {study.why.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
      <h3>What was decided</h3>
      {trace.isError && <Problem problem={trace.error} retry={() => void trace.refetch()} />}
      {trace.isPending && <p role="status">Loading…</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by keyboard */}
      <section className="reader-trace" tabIndex={0} aria-label="What was decided">
        <ul>
          {trace.data?.lines.map((line, number) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
            <li key={number}>
              <span className="meta">{moment(line.at)}</span> <span className="reader-words">{line.text}</span>
            </li>
          ))}
        </ul>
      </section>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}
