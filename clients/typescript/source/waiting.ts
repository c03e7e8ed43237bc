import { Aborted } from './errors.js';

const LONGEST_MS = 2 ** 31 - 1; // a longer timer fires at once

/** The error of a call that its caller called off. */
export function calledOff(signal: AbortSignal | null | undefined): Aborted {
  return new Aborted('the call was called off', { cause: signal?.reason });
}

/** Wait; rejects with `Aborted` as soon as the signal says so. */
export function pause(seconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(calledOff(signal));
    };
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, Math.min(LONGEST_MS, seconds * 1000));
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Seconds before the next try: twice as long each time, at most 8, a quarter more or less so that callers spread. */
export function backoff(tried: number): number {
  return Math.min(8, 0.25 * 2 ** (tried - 1)) * (0.75 + Math.random() / 2);
}

/** Several signals and a time limit as one signal. `release` lets go of them: then nothing fires any more. */
export interface Joined {
  signal: AbortSignal;
  timedOut: boolean;
  /** The limit counts no more. */
  stopClock: () => void;
  release: () => void;
}

/** Join signals, and a limit in seconds. AbortSignal.any and .timeout do the same, but node 20 may lose them before they fire. */
export function join(signals: (AbortSignal | null | undefined)[], timeoutS = Number.POSITIVE_INFINITY): Joined {
  const given = signals.filter((one): one is AbortSignal => Boolean(one));
  const control = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopClock = (): void => clearTimeout(timer);
  const release = (): void => {
    stopClock();
    for (const one of given) one.removeEventListener('abort', stop);
  };
  const stop = (): void => {
    release();
    control.abort(given.find((one) => one.aborted)?.reason);
  };
  const joined: Joined = { signal: control.signal, timedOut: false, stopClock, release };
  const late = (): void => {
    joined.timedOut = true;
    release();
    control.abort(new DOMException(`not done within ${timeoutS} s`, 'TimeoutError'));
  };
  for (const one of given) one.addEventListener('abort', stop);
  if (given.some((one) => one.aborted)) stop();
  else if (timeoutS * 1000 <= LONGEST_MS) timer = setTimeout(late, timeoutS * 1000);
  unref(timer);
  return joined;
}

/** What a promise gives, or the signal's reason as soon as it fires. Node's fetch may forget its signal once an answer has begun. */
export async function unless<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => undefined;
  const fired = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  return Promise.race([promise, fired]).finally(() => signal.removeEventListener('abort', stop));
}

/** In node a timer keeps the process alive; a request does so itself. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void } | undefined)?.unref?.();
}
