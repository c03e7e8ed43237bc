/** What is asked of the audit, as the address of the page holds it. */
export const NAMES = ['actor', 'action', 'object', 'outcome', 'since', 'until'] as const;
export type Asked = Partial<Record<(typeof NAMES)[number], string>>;
export const OUTCOMES = ['success', 'refused', 'failed'] as const;
/** Suggestions; any other word may be typed. */
export const ACTIONS = [
  ...['login', 'logout', 'login_refused', 'access_refused', 'worklist_view', 'study_view', 'pixels_view', 'search'],
  ...['export', 'upload', 'priority_override', 'decision', 'draft', 'sign', 'addendum', 'withdraw', 'send', 'assign'],
  ...['lock', 'order_match', 'read_request', 'job_retry', 'job_cancel', 'user_view', 'user_create', 'user_change'],
  ...['password_change', 'token_create', 'token_revoke', 'settings_view', 'operations_view', 'audit_view'],
  ...['audit_export', 'delivered', 'reidentify', 'start', 'stop'],
] as const;

/** The filters of an address; what is empty or unknown filters nothing. */
export function asked(search: URLSearchParams): Asked {
  const told: Asked = {};
  for (const name of NAMES) {
    const value = search.get(name)?.trim();
    if (value) told[name] = value;
  }
  return told;
}

/** Where the export of the same lines is. */
export function exported(wanted: Asked, format: 'jsonl' | 'fhir' | 'atna'): string {
  return `/api/v1/audit/export?${new URLSearchParams({ ...wanted, format })}`;
}
