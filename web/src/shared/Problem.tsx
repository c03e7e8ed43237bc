import { Refused } from '@wetread/client';

/** What went wrong, in words, with a way on. Nothing of the request is repeated: it may name a patient. */
export function Problem({ problem, retry }: { problem: unknown; retry?: () => void }) {
  return (
    <div className="card" role="alert">
      <p>{words(problem)}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A problem's own words. */
export function words(problem: unknown): string {
  if (problem instanceof Refused) return [problem.detail || problem.title, ...problem.errors].join('; ');
  return problem instanceof Error ? problem.message : String(problem);
}
