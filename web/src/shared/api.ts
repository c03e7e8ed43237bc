/** The service as the pages ask it: one client, one cache, who is logged in and what changed. */
import { MutationCache, notifyManager, QueryCache, QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { Client, changes, NotLoggedIn, Refused, type Schemas } from '@wetread/client';
import { useEffect } from 'react';

export type { Schemas } from '@wetread/client';
export const api = new Client();
const POLL_MS = 10_000;
const BREATH_MS = 1_000; // a busy site must not call off each answer for the next one

notifyManager.setScheduler(queueMicrotask); // a box that is ticked must not fall back until the next task

/** A session that ended shows in whatever is asked next; then the login page comes. */
const onError = (problem: unknown): void => {
  if (problem instanceof NotLoggedIn) sessionEnded();
};

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failed, problem) => !(problem instanceof Refused) && failed < 2,
      refetchOnWindowFocus: true,
    },
  },
});

/** Keys of what is cached, so that events and changes throw away the right things. */
export const keys = {
  session: ['session'] as const,
  worklist: ['worklist'] as const,
  study: (id: string) => ['study', id] as const,
  report: (id: string) => ['study', id, 'report'] as const,
  reads: (id: string) => ['study', id, 'reads'] as const,
  consensus: (id: string) => ['study', id, 'consensus'] as const,
  priors: (id: string) => ['study', id, 'priors'] as const,
  trace: (id: string) => ['study', id, 'trace'] as const,
  audit: (id: string) => ['study', id, 'audit'] as const,
  operations: ['operations'] as const,
  evaluation: ['evaluation'] as const,
  settings: ['settings'] as const,
  preferences: ['preferences'] as const,
};

export type Session = Schemas['SessionTold'];
export type Permission = Schemas['Permission'];

/** Who is logged in; null: nobody. */
export function useSession() {
  return useQuery({
    queryKey: keys.session,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        const ways = await api.get('/api/v1/login', { signal }); // strangers ask this alone: a 401 is an error in the console
        return ways.logged_in ? await api.get('/api/v1/session', { signal }) : null;
      } catch (problem) {
        if (problem instanceof NotLoggedIn) return null;
        throw problem;
      }
    },
    staleTime: 60_000,
  });
}

/** Whether the person who is logged in may do this. The service asks again; this only hides what can't be done. */
export function useMay(permission: Permission): boolean {
  const { data } = useSession();
  return data?.permissions.includes(permission) ?? false;
}

/** Say that the session has ended, wherever it shows: the login page comes, and the address stays to come back to. */
export function sessionEnded(): void {
  api.forgetSession();
  queries.setQueryData(keys.session, null);
}

/** What the pages remember for a person, by name (`worklist.columns`, `reader.readFirst`). */
export function usePreferences() {
  const cache = useQueryClient();
  const { data } = useQuery({
    queryKey: keys.preferences,
    queryFn: ({ signal }) => api.get('/api/v1/me/preferences', { signal }),
    staleTime: 300_000,
  });
  const keep = async (changed: Record<string, unknown>): Promise<void> => {
    const before = cache.getQueryData<Record<string, unknown>>(keys.preferences) ?? data;
    const wanted = { ...before, ...changed };
    void cache.cancelQueries({ queryKey: keys.preferences }); // an answer on its way would undo the change
    cache.setQueryData(keys.preferences, wanted);
    try {
      await api.put('/api/v1/me/preferences', { body: wanted as never });
    } catch (problem) {
      cache.setQueryData(keys.preferences, before);
      throw problem;
    }
  };
  return { preferences: (data ?? {}) as Record<string, unknown>, known: data !== undefined, keep };
}

/** Listen to the service's changes for as long as the page is open; where the stream breaks, ask every 10 s instead. */
export function useEvents(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const stop = new AbortController();
    let poll: ReturnType<typeof setInterval> | undefined;
    const quiet = (): void => {
      clearInterval(poll);
      poll = undefined;
    };
    const gathered = new Set<string | null>();
    let pause: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      pause = gathered.size ? setTimeout(flush, BREATH_MS) : undefined;
      if (gathered.size) changedAll(gathered);
      gathered.clear();
    };
    const gather = (study: string | null): void => {
      gathered.add(study);
      pause ??= setTimeout(flush, 0);
    };
    const listen = async (): Promise<void> => {
      const onLost = (): void => {
        poll ??= setInterval(() => changed(null), POLL_MS);
      };
      for await (const change of changes(api, { signal: stop.signal, onOpen: quiet, onLost })) gather(change.study_id);
    };
    listen().catch((problem: unknown) => {
      if (problem instanceof NotLoggedIn) sessionEnded();
    });
    return () => {
      quiet();
      clearTimeout(pause);
      stop.abort();
    };
  }, [active]);
}

/** Something changed: what shows it is asked for anew. */
export function changed(study: string | null): void {
  changedAll([study]);
}

/** Many changes at once: the lists are asked for once. */
function changedAll(studies: Iterable<string | null>): void {
  void queries.invalidateQueries({ queryKey: keys.worklist });
  void queries.invalidateQueries({ queryKey: keys.operations });
  for (const study of studies) void queries.invalidateQueries({ queryKey: study ? keys.study(study) : ['study'] });
}
