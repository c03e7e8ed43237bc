import { Urgency } from '../../shared/Urgency';
import type { FindingView } from '../asked';
import { findingPlace } from '../useReading';
import { called, decided, details, isRejected, PRESENCE, standing, sureness } from '../words';

/** What a card lets its reader do; a missing act has no button. */
export interface CardActs {
  select: (view: FindingView) => void;
  accept?: (view: FindingView) => void;
  edit?: (view: FindingView) => void;
  reject?: (view: FindingView) => void;
}

/** One finding: what, where, how sure, who says so and who does not, and the human's decision. */
export function Card({ view, selected, acts }: { view: FindingView; selected: boolean; acts: CardActs }) {
  const finding = standing(view);
  const name = called(view);
  const state = isRejected(view) ? 'rejected' : view.decision ? 'decided' : 'open';
  return (
    <li className="reader-finding" data-state={state} data-selected={selected} data-finding={view.finding_id}>
      <div className="reader-head">
        <button
          type="button"
          id={findingPlace(view.finding_id)}
          className="reader-name"
          aria-pressed={selected}
          onClick={() => acts.select(view)}
        >
          {name}
        </button>
        {view.priority_floor && !isRejected(view) && finding.presence !== 'absent' && (
          <span>
            <span className="unseen">at least</span>
            <Urgency priority={view.priority_floor} />
          </span>
        )}
        <span className="grow" />
        <span className="reader-presence">{isRejected(view) ? 'rejected' : PRESENCE[finding.presence]}</span>
      </div>
      {details(view) && <p className="reader-line">{details(view)}</p>}
      <p className={view.disputed ? 'reader-disputed' : 'meta'}>
        {view.disputed && <strong>Readers disagree. </strong>}
        {voices(view)}
      </p>
      <p className="meta">{grounds(view)}</p>
      {finding.rationale && <p className="reader-line reader-words">{finding.rationale}</p>}
      <Decision view={view} acts={acts} name={name} />
    </li>
  );
}

/** How sure, and where it can be seen. */
function grounds(view: FindingView): string {
  const finding = standing(view);
  const boxes = finding.evidence?.length ?? 0;
  const sure = view.decision?.told ? null : sureness(finding);
  const place = boxes > 0 ? `marked on ${boxes} place${boxes > 1 ? 's' : ''}` : 'no place marked';
  return [sure, place, finding.context_dependent ? 'seen only with the clinical text' : ''].filter(Boolean).join(' · ');
}

function voices(view: FindingView): string {
  const said = [
    ['present', view.present_by],
    ['uncertain', view.uncertain_by],
    ['not seen', view.absent_by],
  ] as const;
  return said
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word}: ${names.join(', ')}`)
    .join(' · ');
}

function Decision({ view, acts, name }: { view: FindingView; acts: CardActs; name: string }) {
  const now = view.decision?.decision;
  const words = decided(view);
  return (
    <div className="row">
      {acts.accept && (
        <button
          type="button"
          aria-pressed={now === 'accept'}
          aria-label={`Accept ${name}`}
          onClick={() => acts.accept?.(view)}
        >
          Accept
        </button>
      )}
      {acts.edit && (
        <button
          type="button"
          aria-pressed={now === 'edit'}
          aria-label={`Edit ${name}`}
          onClick={() => acts.edit?.(view)}
        >
          Edit
        </button>
      )}
      {acts.reject && (
        <button
          type="button"
          aria-pressed={now === 'reject'}
          aria-label={`Reject ${name}`}
          onClick={() => acts.reject?.(view)}
        >
          Reject
        </button>
      )}
      <span className="meta">{words ?? (view.needs_decision ? 'not decided yet' : '')}</span>
    </div>
  );
}
