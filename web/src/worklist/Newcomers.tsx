import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, keys } from '../shared/api';
import { heard } from './clock';

const CRITICAL = { open: true, priority: ['P1' as const], sort: 'standing' as const, limit: 100 };

/** Critical studies that came since the page was opened, or since one looked at them. */
export interface News {
  /** "1 new critical study"; "" where there is none. */
  words: string;
  /** The most urgent of them, and its line in the whole list: critical ones are its first, in this order. */
  first: { study: string; index: number } | null;
  /** It was looked at; without a study, all of them. */
  seen: (study?: string) => void;
}

/** Hear of critical studies wherever one is in the list. Nothing moves by itself. */
export function useNews(): News {
  const critical = useCritical();
  const known = useRef<Set<string> | null>(null);
  const [fresh, setFresh] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!critical) return;
    const came = known.current === null ? [] : critical.filter((study) => !known.current?.has(study));
    known.current = new Set([...(known.current ?? []), ...critical]);
    setFresh((now) => [...now.filter((study) => critical.includes(study)), ...came]);
  }, [critical]);
  const study = critical?.find((one) => fresh.includes(one));
  return {
    words: fresh.length ? `${fresh.length} new critical ${fresh.length === 1 ? 'study' : 'studies'}` : '',
    first: study && critical ? { study, index: critical.indexOf(study) } : null,
    seen: (looked) => setFresh((now) => (looked ? now.filter((one) => one !== looked) : [])),
  };
}

/** Says in the list's foot, where it pushes nothing away, that a critical study came, with a way to go there. */
export function Newcomers({ news, jump }: { news: News; jump: (study: string, index: number) => void }) {
  const { first, words, seen } = news;
  if (!first) return null;
  const go = (): void => {
    seen(first.study);
    jump(first.study, first.index);
  };
  return (
    <span className="worklist-fresh">
      <button type="button" onClick={go}>
        <span aria-hidden="true">▲</span> {words}: show
      </button>
      <button type="button" onClick={() => seen()}>
        Dismiss
      </button>
    </span>
  );
}

/** The critical studies that wait, in their order. */
function useCritical(): readonly string[] | undefined {
  return useQuery({
    queryKey: [...keys.worklist, 'critical'],
    queryFn: async ({ signal }) => {
      const told = await api.get('/api/v1/worklist', { query: CRITICAL, signal });
      heard(told.server_time);
      return told.rows.map((row) => row.study_id);
    },
  }).data;
}
