/** What is drawn over the pictures: boxes of the panel, of its readers and of humans, and heat maps. Pure. */
import type { FindingView, ReadView } from './asked';
import type { Heat, Mark } from './viewer/contract';
import { called, isRejected, standing } from './words';

const SAID = new Set(['present', 'uncertain']);

/** Boxes of every finding that is said to be there: the standing one's and, beside it, each reader's own. */
export function marksOf(findings: readonly FindingView[], reads: readonly ReadView[], selected: string | null): Mark[] {
  return findings
    .filter((view) => !isRejected(view) && SAID.has(standing(view).presence))
    .flatMap((view) => {
      const shared = { findingId: view.finding_id, label: called(view), selected: view.finding_id === selected };
      return evidenceOf(view, reads).map(({ by, one }, number) => ({
        ...shared,
        id: `${view.finding_id}/${number}`,
        by,
        sopInstanceUid: one.sop_instance_uid,
        file: one.file,
        frame: one.frame,
        box: one.box,
      }));
    });
}

function evidenceOf(view: FindingView, reads: readonly ReadView[]) {
  const finding = standing(view);
  const own = (finding.evidence ?? []).map((one) => ({ by: one.origin === 'human' ? 'human' : 'consensus', one }));
  if (view.decision?.told) return own;
  const seen = new Set(own.map(({ one }) => place(one)));
  const readers = reads.flatMap((read) =>
    (read.read?.findings ?? [])
      .filter((told) => told.code === view.finding.code && SAID.has(told.presence))
      .filter((told) => !told.laterality || !finding.laterality || told.laterality === finding.laterality)
      .flatMap((told) => (told.evidence ?? []).map((one) => ({ by: read.reader.name, one })))
      .filter(({ one }) => !seen.has(place(one))),
  );
  return [...own, ...readers];
}

function place(one: { file: string; sop_instance_uid: string | null; frame: number; box: readonly number[] }): string {
  return `${one.sop_instance_uid ?? one.file}#${one.frame}#${one.box.join(',')}`;
}

/** The heat maps that a reader left; the reads that have any are `withHeat`. */
export function heatOf(reads: readonly ReadView[], reader: string | null): Heat[] {
  const read = reads.find((one) => one.reader.name === reader);
  return (read?.heatmaps ?? []).flatMap((sop) =>
    framesOf(read, sop).map((frame) => ({
      url: `/api/v1/reads/${read?.read_id}/heatmap/${encodeURIComponent(sop)}.png?frame=${frame}`,
      sopInstanceUid: sop,
      frame,
    })),
  );
}

/** Names of the readers that left heat maps. */
export function withHeat(reads: readonly ReadView[]): string[] {
  return reads.filter((one) => one.heatmaps.length > 0).map((one) => one.reader.name);
}

function framesOf(read: ReadView | undefined, sop: string): number[] {
  const told = (read?.read?.findings ?? []).filter((one) => one.presence !== 'absent');
  const patches = told.flatMap((one) => one.evidence ?? []).filter((one) => one.origin === 'cam');
  return [...new Set(patches.filter((one) => one.sop_instance_uid === sop).map((one) => one.frame))];
}
