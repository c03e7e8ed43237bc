import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from '../shared/Problem';

/** What was asked for, once it is there; until then that it loads, or what went wrong with a way on. */
export function Asked<T>({ query, children }: { query: UseQueryResult<T>; children: (told: T) => ReactNode }) {
  if (query.isError) return <Problem problem={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <p role="status">Loading…</p>;
  return <>{children(query.data)}</>;
}
