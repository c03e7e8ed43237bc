import { useQuery } from '@tanstack/react-query';
import { NotFound } from '@wetread/client';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useReadFirst } from '../reader/readFirst';
import { api, keys, type Schemas, useMay } from '../shared/api';
import { Frame } from '../shared/Frame';
import { Problem } from '../shared/Problem';
import { person } from '../shared/person';
import { Answers } from './Answers';
import { Boxes } from './Boxes';
import './compare.css';
import { Decided } from './Decided';
import { Matrix } from './Matrix';
import { rows, versions } from './matrix';

/** What each reader said of a study, side by side, beside the panel's answer and what a human signed. */
export default function Compare({ id }: { id: string }) {
  const may = useMay('study_view');
  const [, go] = useLocation();
  const study = useQuery({
    queryKey: [...keys.study(id), 'compare'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}', { path: { study_id: id }, signal }),
    enabled: may,
  });
  const patient = study.data?.patient;
  const shortcuts = [{ key: 'Escape', does: 'back to the study', run: () => go(`/study/${id}`) }];
  return (
    <Frame
      title="Compare"
      heading={
        <>
          Compare readers
          {patient && (
            <span className="compare-patient" dir="auto">
              {[person(patient.name), patient.patient_id, study.data?.description].filter(Boolean).join(' · ')}
            </span>
          )}
        </>
      }
      shortcuts={shortcuts}
    >
      <div className="compare-page">
        <div className="row">
          <Link href={`/study/${id}`}>← Back to the study (Esc)</Link>
        </div>
        {!may && <p role="alert">Your role does not see studies.</p>}
        {study.isError && <Problem problem={study.error} retry={() => void study.refetch()} />}
        {study.isPending && may && <p role="status">Loading…</p>}
        {study.data && <Told id={id} study={study.data} />}
      </div>
    </Frame>
  );
}

function useTold(id: string) {
  const path = { study_id: id };
  const reads = useQuery({
    queryKey: [...keys.reads(id), 'compare'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/reads', { path, signal }),
  });
  const report = useQuery({
    queryKey: [...keys.report(id), 'compare'],
    queryFn: ({ signal }) => api.get('/api/v1/studies/{study_id}/report', { path, signal }),
  });
  const consensus = useQuery({
    queryKey: [...keys.consensus(id), 'compare'],
    queryFn: async ({ signal }): Promise<Schemas['ConsensusView'] | null> => {
      try {
        return await api.get('/api/v1/studies/{study_id}/consensus', { path, signal });
      } catch (problem) {
        if (problem instanceof NotFound) return null;
        throw problem;
      }
    },
    enabled: (reads.data?.reads.length ?? 0) > 0,
  });
  const vocabulary = useQuery({
    queryKey: ['vocabulary'],
    queryFn: ({ signal }) => api.get('/api/v1/vocabulary', { signal }),
    staleTime: 3_600_000,
  });
  return { reads, report, consensus, vocabulary };
}

function Told({ id, study }: { id: string; study: Schemas['StudyView'] }) {
  const { reads, report, consensus, vocabulary } = useTold(id);
  const broken = [reads, report, consensus, vocabulary].find((one) => one.isError);
  if (broken) return <Problem problem={broken.error} retry={() => void broken.refetch()} />;
  if (!reads.data || !report.data || !vocabulary.data) return <p role="status">Loading…</p>;
  if (consensus.isLoading) return <p role="status">Loading…</p>;
  if (reads.data.reads.length === 0) return <p className="card">No reader has been asked about this study yet.</p>;
  const labels = {
    ...Object.fromEntries(vocabulary.data.terms.map((term) => [term.code, term.label])),
    ...report.data.labels,
  };
  const told = { study, reads: reads.data.reads, report: report.data, consensus: consensus.data ?? null, labels };
  return <Guarded {...told} />;
}

interface Known {
  study: Schemas['StudyView'];
  reads: readonly Schemas['ReadView'][];
  report: Schemas['ReportView'];
  consensus: Schemas['ConsensusView'] | null;
  labels: Readonly<Record<string, string>>;
}

/** Whoever reads first sees nothing of the readers here either, before having looked alone. */
function Guarded(told: Known) {
  const first = useReadFirst(told.study, told.report);
  const may = useMay('report_write');
  const [problem, setProblem] = useState<unknown>(null);
  if (!first.hidden) return <Sides {...told} />;
  return (
    <div className="card">
      <p>
        You read first: what the readers said stays hidden until you have looked alone and written your impression on
        the study's page.
      </p>
      {problem !== null && <Problem problem={problem} />}
      {may && (
        <button type="button" onClick={() => first.show('').catch(setProblem)}>
          Show what AI said
        </button>
      )}
    </div>
  );
}

function Sides({ study, reads, report, consensus, labels }: Known) {
  const [wanted, setWanted] = useState<number | null>(null);
  const all = versions(reads);
  const version = wanted ?? all[0] ?? study.version;
  const shown = reads.filter((one) => one.version === version);
  const stands = report.version === version;
  const joined = (stands && consensus?.consensus?.findings) || [];
  const signer = stands ? (report.signature?.by ?? null) : null;
  const signed = signer !== null && report.status !== 'rejected';
  return (
    <>
      <Version all={all} version={version} now={study.version} pick={setWanted} />
      {!stands && <p className="card">The report that stands was made from other images than these reads.</p>}
      {signed && <p className="meta">Signed by {signer}: each reader's answer says how it differs.</p>}
      <Matrix rows={rows(shown, joined, signed ? signer : null, labels)} reads={shown} signed={signed} />
      <div className="compare-columns">
        {stands && consensus && <Decided told={consensus} />}
        <Boxes id={study.study_id} reads={shown} labels={labels} />
      </div>
      <Answers reads={shown} />
    </>
  );
}

function Version({
  all,
  version,
  now,
  pick,
}: {
  all: readonly number[];
  version: number;
  now: number;
  pick: (version: number) => void;
}) {
  return (
    <div className="row">
      <label className="compare-check">
        Reads of the study's images, version{' '}
        <select value={version} onChange={(event) => pick(Number(event.target.value))}>
          {all.map((one) => (
            <option key={one} value={one}>
              {one === now ? `${one} (all images there are)` : `${one} (earlier)`}
            </option>
          ))}
        </select>
      </label>
      {version !== now && (
        <span className="compare-flag" role="status">
          These reads did not see every image that is there now.
        </span>
      )}
    </div>
  );
}
