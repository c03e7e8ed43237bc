/**
 * What can go wrong, one class each; `instanceof` tells them apart.
 *
 *     WetreadError
 *     ├── Unreachable           no answer came
 *     │   └── TimedOut          none came in time
 *     ├── Aborted               the caller called it off
 *     ├── NotUnderstood         an answer that the API does not describe
 *     ├── StillWaiting          studies were not through with AI in time
 *     └── Refused               an error status, in the service's words
 *         ├── BadRequest        400, 413, 422 and other 4xx
 *         ├── NotLoggedIn       401
 *         ├── NotAllowed        403
 *         ├── NotFound          404
 *         ├── Conflict          409
 *         │   └── DraftConflict 409 on a draft, with the draft that stands
 *         ├── TooMany           429
 *         └── ServiceFailed     5xx
 *
 * No message holds a token, a header or what was asked for after the `?`.
 */
import type { Schemas } from './types.js';

/** Everything that this client throws of its own; a mistake in the call itself is a TypeError. */
export class WetreadError extends Error {
  override readonly name: string = 'WetreadError';
}

/** No answer came: the network, a service that is down, a connection that broke. */
export class Unreachable extends WetreadError {
  override readonly name: string = 'Unreachable';
}

/** No answer came in time; whether the service did what was asked is unknown. */
export class TimedOut extends Unreachable {
  override readonly name: string = 'TimedOut';
}

/** The call was called off by its signal; the signal's reason is the `cause`. */
export class Aborted extends WetreadError {
  override readonly name: string = 'Aborted';
}

/** An answer came that the API does not describe: perhaps a proxy's page, or another service. */
export class NotUnderstood extends WetreadError {
  override readonly name: string = 'NotUnderstood';
}

/** Studies of an upload were not through with AI in time. They are safe: wait on with `waitForStudies`. */
export class StillWaiting extends WetreadError {
  override readonly name: string = 'StillWaiting';

  constructor(
    readonly arrival_id: string,
    readonly study_ids: readonly string[],
    timeoutS: number,
  ) {
    const whom = study_ids.length ? `${study_ids.length} studies` : 'the files';
    super(`arrival ${arrival_id}: ${whom} not through after ${timeoutS} s; they are safe, wait on or look later`);
  }
}

/** The service answered with an error status. `errors` names fields of the request, where the service did. */
export class Refused extends WetreadError {
  override readonly name: string = 'Refused';

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly string[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(detail || title || `HTTP ${status}`);
  }
}

/** 400, 413, 422 and other 4xx: the request itself is wrong. */
export class BadRequest extends Refused {
  override readonly name: string = 'BadRequest';
}

/** 401: nobody is logged in, or the token does not count any more. */
export class NotLoggedIn extends Refused {
  override readonly name: string = 'NotLoggedIn';
}

/** 403: this caller may not do this. */
export class NotAllowed extends Refused {
  override readonly name: string = 'NotAllowed';
}

/** 404: there is no such thing. */
export class NotFound extends Refused {
  override readonly name: string = 'NotFound';
}

/** 409: somebody else was first; look again and decide anew. */
export class Conflict extends Refused {
  override readonly name: string = 'Conflict';
}

/** 409 on a draft that somebody else wrote meanwhile: `present` is what stands, `mine` what was not kept. */
export class DraftConflict extends Conflict {
  override readonly name: string = 'DraftConflict';

  constructor(
    refusal: Conflict,
    readonly present: Schemas['DraftView'],
    readonly mine: string,
  ) {
    super(refusal.status, refusal.title, refusal.detail, refusal.errors, refusal.retryAfterS);
  }
}

/** 429: too much at once; `retryAfterS` says when to come again. */
export class TooMany extends Refused {
  override readonly name: string = 'TooMany';
}

/** 5xx: the service could not, now. */
export class ServiceFailed extends Refused {
  override readonly name: string = 'ServiceFailed';
}

const KINDS: Record<number, typeof Refused> = {
  401: NotLoggedIn,
  403: NotAllowed,
  404: NotFound,
  409: Conflict,
  429: TooMany,
};

/** The error of an answer, in the service's words. Its body is read. */
export async function refusalOf(answer: Response): Promise<Refused> {
  const told = await problemOf(answer);
  const usual = answer.status >= 500 ? ServiceFailed : answer.status >= 400 ? BadRequest : Refused;
  const kind = KINDS[answer.status] ?? usual;
  return new kind(answer.status, told.title, told.detail, told.errors, retryAfter(answer.headers));
}

/**
 * Seconds to wait, of a Retry-After header in either of its two forms; null where there is none.
 * A date is measured from the service's own clock where it told it.
 */
export function retryAfter(headers: Headers, now?: number): number | null {
  const written = headers.get('retry-after')?.trim();
  if (!written) return null;
  const told = Date.parse(headers.get('date') ?? '');
  const from = now ?? (Number.isFinite(told) ? told : Date.now());
  const seconds = /^\d+$/.test(written) ? Number(written) : (Date.parse(written) - from) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** The error of a request that got no answer; `overS` is its time limit where that was over. */
export function lost(one: { verb: string; path: string }, problem: unknown, overS: number | null): Unreachable {
  const what = `${one.verb} ${one.path.replace(/\?.*/s, '')}`; // a query may name a patient
  if (overS !== null) return new TimedOut(`${what}: no answer within ${overS} s`, { cause: problem });
  if (problem instanceof Error && problem.name === 'TimeoutError') {
    return new TimedOut(`${what}: ${problem.message}`, { cause: problem });
  }
  const inner = problem instanceof Error && problem.cause instanceof Error ? `: ${problem.cause.message}` : '';
  const words = problem instanceof Error ? problem.message : String(problem);
  return new Unreachable(`${what}: ${words}${inner}`, { cause: problem });
}

async function problemOf(answer: Response): Promise<{ title: string; detail: string; errors: string[] }> {
  try {
    const told: unknown = await answer.json();
    if (typeof told !== 'object' || told === null) throw new TypeError('no object');
    const { title, detail, errors } = told as Record<string, unknown>;
    return {
      title: typeof title === 'string' ? title : answer.statusText,
      detail: typeof detail === 'string' ? detail : '',
      errors: Array.isArray(errors) ? errors.map(String) : [],
    };
  } catch {
    return { title: answer.statusText, detail: '', errors: [] };
  }
}
