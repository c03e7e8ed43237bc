/** The list by pages of 100: only those near the window are asked for, and those one has left are called off. */
import { keepPreviousData, type QueryClient, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { api, keys } from '../shared/api';
import type { ListQuery } from './asked';
import { heard } from './clock';
import { listLength, PAGE, pagesFor } from './reach';
import type { Row } from './words';

const SETTLE_MS = 120;
const KEPT_MS = 30_000;

/** A page as it was last told. `total` counts the whole list, at the least where `atLeast` says so. */
export interface ListPage {
  rows: readonly Row[];
  total: number;
  atLeast: boolean;
}

/** The list as far as it is known. */
export interface List {
  /** null: nothing is known yet. */
  length: number | null;
  total: number;
  atLeast: boolean;
  /** Of the pages near the window. */
  places: ReadonlyMap<string, number>;
  rowAt: (index: number) => Row | undefined;
  /** What hinders it, where nothing can be shown at all or a page is missing. */
  problem: unknown;
  renewedAt: number;
  /** An answer is on its way: what stands here may be old. */
  isFetching: boolean;
  askAgain: () => void;
}

/** The rows of a list from `first` to `last` and some around, as they stand now. */
export function useList(query: ListQuery, first: number, last: number): List {
  const cache = useQueryClient();
  const near = useNear(first, last);
  const told = useQueries({
    queries: near.map((page) => ({
      queryKey: keyOf(query, page),
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(query, page, signal),
      gcTime: KEPT_MS,
    })),
  });
  const renewedAt = Math.max(0, ...told.map((one) => one.dataUpdatedAt));
  const isFetching = told.some((one) => one.isFetching);
  const problem = told.find((one) => one.isError)?.error ?? null;
  return useMemo(() => {
    const known = pagesKnown(cache, query);
    const { length, total, atLeast } = listLength(known);
    const places = new Map<string, number>();
    for (const page of near) {
      for (const [at, row] of (known.get(page)?.rows ?? []).entries()) places.set(row.study_id, page * PAGE + at);
    }
    return {
      length,
      total,
      atLeast,
      places,
      problem,
      renewedAt,
      isFetching,
      rowAt: (index) => known.get(Math.floor(index / PAGE))?.rows[index % PAGE],
      askAgain: () => void cache.invalidateQueries({ queryKey: keys.worklist }),
    };
  }, [cache, query, near, renewedAt, isFetching, problem]);
}

/** How many studies wait, for whom, and how urgent they are. */
export function useCounts() {
  return useQuery({
    queryKey: [...keys.worklist, 'counts'],
    queryFn: ({ signal }) => api.get('/api/v1/worklist/counts', { signal }),
    placeholderData: keepPreviousData,
  });
}

/** The query stands in it as text: as an object it would be looked up with every list that asks for more besides. */
function keyOf(query: ListQuery, ...page: readonly number[]): readonly unknown[] {
  return [...keys.worklist, 'page', JSON.stringify(query), ...page];
}

async function ask(query: ListQuery, page: number, signal: AbortSignal): Promise<ListPage> {
  const told = await api.get('/api/v1/worklist', { query: { ...query, offset: page * PAGE, limit: PAGE }, signal });
  heard(told.server_time);
  const rows = told.rows.map(({ waiting_s: _, ...row }) => row);
  return { rows, total: told.total, atLeast: told.total_is_at_least };
}

/** Pages of the list that are held, also such as are not watched any more. */
function pagesKnown(cache: QueryClient, query: ListQuery): ReadonlyMap<number, ListPage & { at: number }> {
  const found = cache.getQueryCache().findAll({ queryKey: keyOf(query) });
  return new Map(
    found.flatMap((one) => {
      const data = one.state.data as ListPage | undefined;
      return data ? [[Number(one.queryKey.at(-1)), { ...data, at: one.state.dataUpdatedAt }]] : [];
    }),
  );
}

/** The pages around the window. Where one flies over the list they are those of the place where one stops. */
function useNear(first: number, last: number): readonly number[] {
  const target = pagesFor(first, last);
  const [near, setNear] = useState(target);
  const asked = useRef(target);
  const told = target.join();
  useEffect(() => {
    if (asked.current.join() === told) return;
    const wanted = told.split(',').map(Number);
    const isAdjacent = wanted.some((page) => asked.current.includes(page));
    const timer = setTimeout(
      () => {
        asked.current = wanted;
        setNear(wanted);
      },
      isAdjacent ? 0 : SETTLE_MS,
    );
    return () => clearTimeout(timer);
  }, [told]);
  return near;
}
