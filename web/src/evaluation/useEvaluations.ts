import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { api, keys, type Schemas } from '../shared/api';
import type { Curves, Metrics } from './told';

type Summary = Schemas['EvaluationSummary'];

/** The site's evaluations, and the one that the address names: else the newest that can be shown. */
export function useEvaluations() {
  const [search] = useSearchParams();
  const list = useQuery({
    queryKey: [...keys.evaluation, 'list'],
    queryFn: ({ signal }) => api.get('/api/v1/evaluations', { signal }),
  });
  const told = list.data?.evaluations ?? [];
  const name = search.get('name');
  const chosen: Summary | undefined = name === null ? told.find((one) => one.problem === null) : told.find(named(name));
  return { list, chosen };
}

/** An evaluation's figures: a file that does not change, so it is asked for once. */
export function useMetrics(one: Summary) {
  return useQuery({
    queryKey: [...keys.evaluation, 'metrics', one.name, one.at],
    queryFn: async ({ signal }) =>
      (await api.get('/api/v1/evaluations/{name}', { path: { name: one.name }, signal })) as unknown as Metrics,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useCurves(one: Summary) {
  return useQuery({
    queryKey: [...keys.evaluation, 'curves', one.name, one.at],
    queryFn: async ({ signal }) =>
      (await api.get('/api/v1/evaluations/{name}/curves', { path: { name: one.name }, signal })) as unknown as Curves,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function named(name: string): (one: Summary) => boolean {
  return (one) => one.name === name;
}
