import type { FindingView, ReportView } from '../asked';
import { nameOf, PRESENCE, sureness } from '../words';

/** What was checked and not seen, and what nobody assessed: folded away, and never called normal. */
export function Checked({
  rest,
  report,
  edit,
}: {
  rest: readonly FindingView[];
  report: ReportView;
  edit: ((view: FindingView) => void) | undefined;
}) {
  return (
    <>
      {rest.length > 0 && (
        <details className="reader-fold">
          <summary>Checked and not seen ({rest.length})</summary>
          <p className="meta">AI looked for these and did not see them. That does not make the study normal.</p>
          <ul>
            {rest.map((view) => (
              <li key={view.finding_id} className="row reader-rest">
                <span>{nameOf(view)}</span>
                <span className="meta">
                  {[PRESENCE[view.finding.presence], sureness(view.finding)].filter(Boolean).join(' · ')}
                </span>
                <span className="grow" />
                {edit && (
                  <button type="button" aria-label={`Edit ${nameOf(view)}`} onClick={() => edit(view)}>
                    Edit
                  </button>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      {report.not_assessed.length > 0 && (
        <details className="reader-fold">
          <summary>Not assessed by AI ({report.not_assessed.length})</summary>
          <ul>
            {report.not_assessed.map((code) => (
              <li key={code}>{report.labels[code] ?? code}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
