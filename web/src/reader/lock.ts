import { Conflict, Unreachable } from '@wetread/client';
import { useCallback, useEffect, useState } from 'react';
import { api, changed, keys, queries, type Schemas } from '../shared/api';
import { words } from '../shared/Problem';

const RENEW_MS = 30_000;
const AFTER_MS = 1_000;

/** How one's hold on a study stands. `free`: another's hold has ended and it can be taken over. */
export type Hold =
  | { state: 'asking' | 'mine' | 'free' | 'none' }
  | { state: 'theirs'; holder: string; until: string }
  | { state: 'lost'; problem: string };

/**
 * Hold the study for as long as the page is open: renewed every 30 s, given back on leaving. Where somebody else holds
 * it nothing is taken; it is looked at again once their time is over. `wanted` false: no hold, none given back.
 */
export function useLock(
  id: string,
  me: string,
  told: Schemas['LockView'] | null | undefined,
  wanted: boolean,
): { hold: Hold; takeOver: () => void } {
  const [hold, setHold] = useState<Hold>({ state: 'asking' });
  const known = told !== undefined;
  const take = useCallback(async () => {
    try {
      await api.post('/api/v1/studies/{study_id}/lock', { path: { study_id: id } });
      setHold({ state: 'mine' });
    } catch (problem) {
      if (!(problem instanceof Unreachable)) setHold({ state: 'lost', problem: words(problem) });
      if (problem instanceof Conflict) changed(id); // who it is by now
    }
  }, [id]);
  const held = hold.state === 'mine';
  useEffect(() => {
    if (!wanted) setHold({ state: 'asking' });
    if (!wanted || !known) return;
    const other = told !== null && told.holder !== me ? told : null;
    if (other) setHold({ state: 'theirs', holder: other.holder, until: other.until });
    else setHold((before) => (before.state === 'theirs' || before.state === 'lost' ? { state: 'free' } : before));
  }, [known, told, me, wanted]);
  useEffect(() => {
    if (wanted && known && hold.state === 'asking' && (told === null || told.holder === me)) void take();
  }, [wanted, known, told, me, hold.state, take]);
  useEffect(() => {
    if (!wanted || hold.state !== 'theirs') return;
    const left = Math.max(0, Date.parse(hold.until) - Date.now()) + AFTER_MS;
    const timer = setTimeout(() => changed(id), Math.min(left, RENEW_MS));
    return () => clearTimeout(timer);
  }, [id, hold, wanted]);
  useRenewal(id, wanted && held, take);
  return { hold: wanted ? hold : { state: 'none' }, takeOver: () => void take() };
}

function useRenewal(id: string, held: boolean, take: () => Promise<void>): void {
  useEffect(() => {
    if (!held) return;
    const timer = setInterval(() => void take(), RENEW_MS);
    const give = (): void => {
      if (!queries.getQueryData(keys.session)) return; // the session has ended: the hold runs out by itself
      void api.send('delete', `/api/v1/studies/${id}/lock`, { keepalive: true }).catch(() => undefined);
    };
    window.addEventListener('pagehide', give);
    return () => {
      clearInterval(timer);
      window.removeEventListener('pagehide', give);
      give();
    };
  }, [id, held, take]);
}
