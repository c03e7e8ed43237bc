import type { Schemas } from '../shared/api';

/** One line of the audit in words: the act, what it was on, and that it was refused where it was. */
export function auditWords(line: Schemas['StudyAuditLine']): string {
  const facts = Object.entries(line.data)
    .filter(([, value]) => value !== null && value !== '')
    .map(
      ([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  const act = line.action.replaceAll('_', ' ');
  const refused = line.outcome === 'success' ? '' : ` (${line.outcome})`;
  return facts.length > 0 ? `${act}${refused}: ${facts.join(', ')}` : `${act}${refused}`;
}

/** Whether somebody only looked. */
export function isLook(action: string): boolean {
  return /(_view|^lock|^export|^search)$/.test(action.toLowerCase());
}
