/** What the reading page asks of the service, each under its key in the one cache. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { api, changed, keys, type Schemas } from '../shared/api';

export type StudyView = Schemas['StudyView'];
export type ReportView = Schemas['ReportView'];
export type FindingView = Schemas['FindingView'];
export type ReadView = Schemas['ReadView'];
export type Term = Schemas['Term'];

const path = (id: string) => ({ study_id: id });

/** The study with its series and whoever holds it. */
export function useStudy(id: string): UseQueryResult<StudyView> {
  return useQuery({
    queryKey: keys.study(id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}', { path: path(id), signal }),
  });
}

/** The report that stands, with decisions and draft. */
export function useReport(id: string): UseQueryResult<ReportView> {
  return useQuery({
    queryKey: keys.report(id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/report', { path: path(id), signal }),
  });
}

/** Every reader's answer; those on the study's present images only. */
export function useReads(id: string): UseQueryResult<ReadView[]> {
  return useQuery({
    queryKey: keys.reads(id),
    queryFn: async ({ signal }) => {
      const told = await api.get('/api/v1/studies/{study_id}/reads', { path: path(id), signal });
      const newest = Math.max(0, ...told.reads.map((one) => one.version));
      return latestOf(told.reads.filter((one) => one.version === newest));
    },
  });
}

/** The last answer of each reader: it may have been asked twice on the same images. */
export function latestOf(reads: readonly ReadView[]): ReadView[] {
  return [...new Map(reads.map((one) => [one.reader.name, one])).values()];
}

/** What was decided about the study, in its order. */
export function useTrace(id: string) {
  return useQuery({
    queryKey: keys.trace(id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/trace', { path: path(id), signal }),
  });
}

/** Who looked at the study and changed it. */
export function useAudit(id: string) {
  return useQuery({
    queryKey: keys.audit(id),
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/audit', { path: path(id), signal }),
  });
}

/** Where the study's reports went. */
export function useDeliveries(id: string, active: boolean) {
  return useQuery({
    queryKey: [...keys.study(id), 'deliveries'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/deliveries', { path: path(id), signal }),
    enabled: active,
  });
}

/** The findings that may be named at this site. */
export function useVocabulary(active = true) {
  return useQuery({
    queryKey: ['vocabulary'],
    queryFn: ({ signal }) => api.get('/api/v1/vocabulary', { signal }),
    staleTime: 3_600_000,
    enabled: active,
  });
}

/** A human's word on a finding of the report. */
export async function decide(study: string, finding: string, wanted: Schemas['NewDecision']): Promise<void> {
  await api.post('/api/v1/findings/{finding_id}/decisions', { path: { finding_id: finding }, body: wanted });
  changed(study);
}

/** A finding that no reader told; its id. */
export async function addFinding(study: string, wanted: Schemas['NewFinding']): Promise<string> {
  const made = await api.post('/api/v1/studies/{study_id}/findings', { path: path(study), body: wanted });
  changed(study);
  return made.finding_id;
}

/** Whom the study's results were told to. */
export function useCommunications(id: string) {
  return useQuery({
    queryKey: [...keys.study(id), 'communications'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/communications', { path: path(id), signal }),
  });
}
