import type { FindingView, ReportView } from '../reader/asked';
import { decided, isRejected, isWithdrawn, nameOf, standing } from '../reader/words';
import { moment } from '../shared/time';

/** Whether a human stands behind the report, as its first line. */
export function headline(report: ReportView, problem: string | null): string {
  const { signature, status } = report;
  if (isWithdrawn(report)) return `WITHDRAWN: ${problem ?? 'the report is taken back'}`;
  if (signature === null) return 'PRELIMINARY: not signed by a human';
  const by = `by ${signature.by}, ${moment(signature.at)}`;
  return status === 'amended' ? `FINAL, AMENDED: signed ${by}` : `FINAL: signed ${by}`;
}

/** Who stands behind a finding; of an unsigned report also that no human has spoken. */
export function byWhom(view: FindingView, report: ReportView): string {
  const said = [...view.present_by, ...view.uncertain_by];
  const against = view.absent_by.length > 0 ? `not seen by ${view.absent_by.join(', ')}` : '';
  const human = decided(view) ?? (report.signature === null ? 'not decided by a human' : '');
  return [said.join(', '), against, human].filter(Boolean).join('; ');
}

/** Names of what was checked and not seen. What a human rejected before signing is neither this nor a finding. */
export function unsaid(report: ReportView): string[] {
  const all = [...report.findings, ...report.added];
  return all.filter((one) => !isRejected(one) && standing(one).presence === 'absent').map(nameOf);
}
