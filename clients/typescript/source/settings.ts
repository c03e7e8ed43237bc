import type { Fetch } from './types.js';

/** How to reach a service. */
export interface Settings {
  /** Where it listens, e.g. `http://127.0.0.1:8080`; in a browser the page's own origin by default. */
  baseUrl?: string | undefined;
  /** An API token (`wetread token create`). Without one the session of `login` counts. */
  token?: string | undefined;
  /** How often a call that may be repeated is tried in all; 3 by default. */
  tries?: number;
  /** Seconds after which a try is given up; 30 by default. */
  timeoutS?: number;
  /** The longest that a Retry-After is followed, in seconds; 60 by default. A longer one is thrown at once. */
  longestWaitS?: number;
  fetch?: Fetch;
}

/** The base address without its last slash. */
export function base(given: string | undefined): string {
  if (!given) throw new TypeError('baseUrl is missing: where does the service listen?');
  const url = URL.canParse(given) ? new URL(given) : null;
  const plain = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search;
  if (!plain) throw new TypeError('baseUrl is an address as http://127.0.0.1:8080, without a login in it');
  return given.replace(/\/+$/, '');
}

/** The bare token. One read from a file ends with a line break; what else no header can hold would be quoted in an error. */
export function token(given: string): string {
  const bare = given.trim();
  if (!/^[\x21-\x7e]+$/.test(bare)) throw new TypeError('the token holds a character that no token has');
  return bare;
}
