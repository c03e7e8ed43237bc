import { address } from './address.js';
import { Cookies } from './cookies.js';
import {
  lost,
  NotAllowed,
  NotLoggedIn,
  NotUnderstood,
  Refused,
  refusalOf,
  Unreachable,
  WetreadError,
} from './errors.js';
import { base, type Settings, token } from './settings.js';
import type { Answer, Asked, Common, Fetch, Method, PathOf, paths } from './types.js';
import { backoff, calledOff, join, pause, unless } from './waiting.js';

/** An answer with the ETag that the next change names. */
export interface Told<T> {
  data: T;
  etag: string | null;
  status: number;
}

/** A request below the base address. A body is sent anew with each try, so it can't be a stream. */
export interface Sending extends Omit<RequestInit, 'method' | 'body' | 'signal'> {
  body?: Exclude<BodyInit, ReadableStream> | null;
  signal?: AbortSignal | null | undefined;
  /** Wraps the client's fetch for this request, e.g. to count what has gone out. */
  through?: (fetch: Fetch) => Fetch;
  /** Statuses that are answers here, though they are no success. */
  also?: readonly number[];
}

interface Attempt {
  verb: string;
  path: string;
  sending: Sending;
  safe: boolean;
  /** The answer's body is read later, by the caller. */
  open: boolean;
  tried: number;
  csrf: string | null;
  renewed: boolean;
}

interface Loose extends Common {
  path?: object | undefined;
  query?: object | undefined;
  body?: unknown;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const AGAIN = new Set([429, 502, 503, 504]);
const STRANGERS = new Set(['/api/v1/login', '/api/v1/setup']); // asked by those who have no session yet
const RENEWS = new Set([...STRANGERS, '/api/v1/logout', '/api/v1/me/password']);

/** Calls of the API, typed by its description. */
export class Client {
  readonly baseUrl: string;
  readonly #settings: { tries: number; timeoutS: number; longestWaitS: number; fetch: Fetch };
  readonly #token: string | null;
  readonly #cookies: Cookies;
  #csrf: string | null = null;

  constructor(settings: Settings = {}) {
    this.baseUrl = base(settings.baseUrl ?? globalThis.location?.origin);
    this.#token = settings.token === undefined ? null : token(settings.token);
    this.#cookies = new Cookies(this.baseUrl);
    this.#settings = {
      tries: settings.tries ?? 3,
      timeoutS: settings.timeoutS ?? 30,
      longestWaitS: settings.longestWaitS ?? 60,
      fetch: settings.fetch ?? ((...asked) => globalThis.fetch(...asked)),
    };
  }

  async get<P extends PathOf<'get'>>(path: P, ...asked: Asked<P, 'get'>): Promise<Answer<P, 'get'>> {
    return (await this.call('get', path, ...asked)).data;
  }
  async post<P extends PathOf<'post'>>(path: P, ...asked: Asked<P, 'post'>): Promise<Answer<P, 'post'>> {
    return (await this.call('post', path, ...asked)).data;
  }
  async put<P extends PathOf<'put'>>(path: P, ...asked: Asked<P, 'put'>): Promise<Answer<P, 'put'>> {
    return (await this.call('put', path, ...asked)).data;
  }
  async patch<P extends PathOf<'patch'>>(path: P, ...asked: Asked<P, 'patch'>): Promise<Answer<P, 'patch'>> {
    return (await this.call('patch', path, ...asked)).data;
  }
  async delete<P extends PathOf<'delete'>>(path: P, ...asked: Asked<P, 'delete'>): Promise<Answer<P, 'delete'>> {
    return (await this.call('delete', path, ...asked)).data;
  }

  /** A call with its ETag and status. */
  async call<M extends Method, P extends PathOf<M> & keyof paths>(
    method: M,
    path: P,
    ...[asked]: Asked<P, M>
  ): Promise<Told<Answer<P, M>>> {
    const options: Loose = asked ?? {};
    const headers = new Headers({ accept: 'application/json' });
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    if (body !== null) headers.set('content-type', 'application/json');
    if (options.ifMatch !== undefined) headers.set('if-match', options.ifMatch);
    const where = address(path, options.path, options.query);
    return this.ask(method, where, { body, headers, signal: options.signal }, async (answer) => {
      const data = (await json(answer, `${method.toUpperCase()} ${path}`)) as Answer<P, M>;
      return { data, etag: answer.headers.get('etag'), status: answer.status };
    });
  }

  /**
   * A request with credentials, retries and errors, whose answer's body is left to read: for streams. `timeoutS` holds
   * until the answer begins; `ask` holds it for the body as well.
   */
  send(method: string, path: string, sending: Sending = {}, timeoutS?: number): Promise<Response> {
    return this.#run(attempt(method, path, sending, true), (answer) => Promise.resolve(answer), timeoutS);
  }

  /**
   * A request whose answer's body is taken by `take` within the same tries: GET and HEAD are repeated on 429, 502 to
   * 504 and lost connections, changes only on 429, which says that nothing was done.
   */
  ask<T>(
    method: string,
    path: string,
    sending: Sending,
    take: (answer: Response) => Promise<T>,
    timeoutS?: number,
  ): Promise<T> {
    return this.#run(attempt(method, path, sending, false), take, timeoutS);
  }

  /** Forget the session's CSRF token: the next change asks for the one that counts then. */
  forgetSession(): void {
    this.#csrf = null;
  }

  async #run<T>(one: Attempt, take: (answer: Response) => Promise<T>, timeoutS = this.#settings.timeoutS): Promise<T> {
    const { signal } = one.sending;
    for (; ; one.tried++) {
      const ends = join([signal], timeoutS);
      try {
        const taken = await this.#try(one, take, ends.signal);
        if (one.open) ends.stopClock();
        else ends.release();
        return taken;
      } catch (problem) {
        ends.release();
        const known = problem instanceof WetreadError || signal?.aborted;
        const wait = await this.#next(known ? problem : lost(one, problem, ends.timedOut ? timeoutS : null), one);
        await pause(wait, signal);
      }
    }
  }

  async #try<T>(one: Attempt, take: (answer: Response) => Promise<T>, ends: AbortSignal): Promise<T> {
    const { through, also, signal: _, ...rest } = one.sending;
    const headers = await this.#headers(one);
    const carry = through?.(this.#settings.fetch) ?? this.#settings.fetch;
    const answer = await carry(this.baseUrl + one.path, {
      credentials: this.#token === null ? 'same-origin' : 'omit',
      redirect: 'error', // elsewhere a change would become a GET, and credentials go astray
      ...rest,
      headers,
      method: one.verb,
      signal: ends,
    });
    if (this.#token === null) this.#cookies.take(answer.headers);
    if (answer.status === 401 || (answer.ok && !one.safe && RENEWS.has(one.path))) this.#csrf = null;
    if (answer.ok || also?.includes(answer.status)) return unless(ends, take(answer));
    throw await unless(ends, refusalOf(answer));
  }

  async #headers(one: Attempt): Promise<Headers> {
    const headers = new Headers(one.sending.headers);
    if (this.#token !== null) headers.set('authorization', `Bearer ${this.#token}`);
    else if (!one.safe && !STRANGERS.has(one.path)) {
      one.csrf = await this.#csrfToken(one.sending.signal);
      headers.set('x-csrf-token', one.csrf);
    }
    const cookie = this.#cookies.header;
    if (cookie !== null) headers.set('cookie', cookie); // a browser sends its own and lets nobody set it
    return headers;
  }

  async #csrfToken(signal: AbortSignal | null | undefined): Promise<string> {
    if (this.#csrf === null) {
      const { csrf } = await this.get('/api/v1/session', { signal: signal ?? undefined });
      if (csrf === null) throw new NotLoggedIn(401, 'Unauthorized', 'this session has no CSRF token');
      this.#csrf = csrf;
    }
    return this.#csrf;
  }

  /** Seconds until the next try; throws where there is none. */
  async #next(problem: unknown, one: Attempt): Promise<number> {
    if (one.sending.signal?.aborted && !(problem instanceof Refused)) throw calledOff(one.sending.signal);
    const last = one.tried >= this.#settings.tries;
    if (problem instanceof Refused) {
      const wait = last ? null : this.#wait(problem, one);
      if (wait !== null) return wait;
      if (await this.#renewed(problem, one)) return 0;
    } else if (problem instanceof Unreachable && one.safe && !last) return backoff(one.tried);
    throw problem;
  }

  #wait(refusal: Refused, one: Attempt): number | null {
    if (!AGAIN.has(refusal.status) || !(one.safe || refusal.status === 429)) return null;
    const told = refusal.retryAfterS;
    if (told !== null) return told <= this.#settings.longestWaitS ? told : null;
    return backoff(one.tried);
  }

  /** Whether the session is another one by now, with another CSRF token: then the change is asked once more. */
  async #renewed(refusal: Refused, one: Attempt): Promise<boolean> {
    const used = one.csrf;
    if (!(refusal instanceof NotAllowed) || used === null || one.renewed) return false;
    one.renewed = true;
    if (this.#csrf === used) this.#csrf = null;
    return (await this.#csrfToken(one.sending.signal)) !== used;
  }
}

function attempt(method: string, path: string, sending: Sending, open: boolean): Attempt {
  const verb = method.toUpperCase();
  return { verb, path, sending, open, safe: SAFE.has(verb), tried: 1, csrf: null, renewed: false };
}

async function json(answer: Response, what: string): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    const kind = answer.headers.get('content-type') ?? 'of no media type';
    throw new NotUnderstood(`${what}: the answer is no JSON but ${kind}; does wetread listen there?`);
  }
}
