/** The service's clock: what is due is reckoned by it, since the reading room's machine may be wrong by hours. */
import { useSyncExternalStore } from 'react';

const TICK_MS = 10_000;
const listeners = new Set<() => void>();
let skew = 0;
let shown = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** The service said what time it is. */
export function heard(serverTime: string): void {
  const told = Date.parse(serverTime) - Date.now();
  if (!Number.isFinite(told)) return;
  skew = told;
  if (Math.abs(shown - now()) > TICK_MS / 2) tick();
}

/** The service's time now, in milliseconds. */
export function now(): number {
  return Date.now() + skew;
}

/** The service's time, renewed every ten seconds in what uses it and nowhere else. */
export function useNow(): number {
  return useSyncExternalStore(listen, () => shown);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  shown = now();
  for (const listener of listeners) listener();
}
