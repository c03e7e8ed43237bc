/** Findings, people and states in words. Pure: nothing here asks the service. */
import type { Schemas } from '../shared/api';
import type { FindingView, ReadView, ReportView, StudyView } from './asked';

type Finding = Schemas['Finding'];
export const PRESENCE: Record<Schemas['Presence'], string> = {
  present: 'present',
  absent: 'not seen',
  uncertain: 'uncertain',
  not_assessable: 'cannot be assessed',
};
export const SIDES: readonly Schemas['Laterality'][] = ['left', 'right', 'bilateral', 'midline'];
const POOLED = '/pooled/'; // a calibrator shared by several findings vouches for none of them
const MOST_NAMED = 3;
const VERDICT = { accept: 'accepted', edit: 'edited', reject: 'rejected', add: 'added' } as const;

/** The finding as it stands: the human's where there is an edit or an addition, else the panel's. */
export function standing(view: FindingView): Finding {
  return view.decision?.told ?? view.finding;
}

/** Whether a human said that it is not so. */
export function isRejected(view: FindingView): boolean {
  return view.decision?.decision === 'reject';
}

/** What people call it: the code itself where the vocabulary does not know it. */
export function nameOf(view: FindingView): string {
  return view.label ?? view.finding.code;
}

/** "left pleural effusion": side and name. */
export function called(view: FindingView): string {
  const side = standing(view).laterality;
  return side ? `${side} ${nameOf(view)}` : nameOf(view);
}

/** Place, severity, size and change in one line; empty where nothing is known. */
export function details(view: FindingView): string {
  const finding = standing(view);
  const size = finding.size
    ? `${finding.size.value} ${finding.size.unit} (${finding.size.method.replaceAll('_', ' ')})`
    : '';
  const places = view.places.length > 1 && !view.decision?.told ? view.places.join(', ') : (finding.location ?? '');
  return [places, finding.severity, size, finding.temporal].filter(Boolean).join(' · ');
}

/** How sure, in words: a percentage only where a calibrator of its own stands behind it. Null: nothing was said. */
export function sureness(finding: Finding): string | null {
  if (finding.probability != null) {
    const own = finding.calibrator_id && !finding.calibrator_id.includes(POOLED);
    return own ? `${percent(finding.probability)} (calibrated)` : `${percent(finding.probability)}, not calibrated`;
  }
  if (finding.confidence_raw == null) return null;
  return `${finding.confidence_kind ?? 'stated'} ${percent(finding.confidence_raw)}, not calibrated`;
}

/** A share as a percentage, never rounded up to certainty. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share > 0.99 && share < 1) return '> 99 %';
  return `${Math.round(share * 100)} %`;
}

/** "accepted by rad"; null where nobody has decided. */
export function decided(view: FindingView): string | null {
  return view.decision ? `${VERDICT[view.decision.decision]} by ${view.decision.by}` : null;
}

/** What is wrong with a reader's answer, in words; null where it read. */
export function notRead(read: ReadView): string | null {
  if (read.abstention) return `${read.abstention.failed ? 'failed' : 'did not read'}: ${read.abstention.reason}`;
  return read.answered ? null : 'answered nothing';
}

/** Whether the last report of the study was taken back: what is shown then is a new one, without AI's words. */
export function isWithdrawn(report: ReportView): boolean {
  return report.history.some((one) => one.superseded_at === null && one.status === 'rejected');
}

/** What AI did with this study, as the head of the findings; null where it read and there is nothing to warn of. */
export function aiWarning(study: StudyView, report: ReportView): string | null {
  switch (study.ai) {
    case 'failed':
      return 'AI failed on this study. Nobody has looked at these images yet: this is not a negative read.';
    case 'unread':
      return 'AI did not read this study. Nobody has looked at these images yet: this is not a negative read.';
    case 'not_asked':
      return isWithdrawn(report)
        ? 'The report was withdrawn. AI is not asked again by itself: this is not a negative read.'
        : 'No AI was asked about this study: this is not a negative read.';
    case 'pending':
      return 'AI has not read this study yet. What stands below comes later, or is of earlier images.';
    case 'reading':
      return 'AI is reading this study now. What stands below comes later, or is of earlier images.';
    default:
      return null;
  }
}

/** The sentences of an impression that follow from what a human accepted, edited or added. */
export function fromDecided(findings: readonly FindingView[]): string {
  return findings
    .filter((one) => one.decision && one.decision.decision !== 'reject')
    .filter((one) => ['present', 'uncertain'].includes(standing(one).presence))
    .map((one) => {
      const more = details(one);
      const words = `${called(one)}${more ? ` (${more.replaceAll(' · ', ', ')})` : ''}`;
      const sentence = standing(one).presence === 'uncertain' ? `possible ${words}` : words;
      return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
    })
    .join('\n');
}

function someOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ');
}

/** What still keeps a report from being signed, first things first; null where nothing does. */
export function missing(report: ReportView, text: string): string | null {
  const open = report.findings.filter((one) => report.undecided.includes(one.finding_id));
  if (open.length) return `Decide on ${someOf(open.map(called))} first`;
  const made = [...report.findings, ...report.added].filter((one) => one.decision);
  const follows = report.findings.length > 0 && made.every((one) => one.decision?.decision === 'accept');
  if (text.trim() === '' && !follows) return 'Write an impression first';
  return null;
}
