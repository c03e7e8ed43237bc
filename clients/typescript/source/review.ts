/** A human's work on a report. Deciding, signing and adding are acts of a person: a token's are refused (403). */
import type { Client } from './client.js';
import { Conflict, DraftConflict } from './errors.js';
import type { Schemas } from './types.js';

type Call = { signal?: AbortSignal | undefined };

/** The report that stands. `draft.revision` is what the next draft is written over. */
export function report(client: Client, study_id: string, options: Call = {}): Promise<Schemas['ReportView']> {
  return client.get('/api/v1/studies/{study_id}/report', { path: { study_id }, ...options });
}

/** The report as a document. It is written for people: show it as it is, with its banner. */
export function reportAs(
  client: Client,
  study_id: string,
  format: 'html' | 'txt' | 'json',
  options: Call = {},
): Promise<string> {
  const path = `/api/v1/studies/${encodeURIComponent(study_id)}/report.${format}`;
  return client.ask('get', path, options, (answer) => answer.text());
}

/** Accept, edit or reject a finding. `undecided` in the answer is what a signature still waits for. */
export function decide(
  client: Client,
  finding_id: string,
  decision: Schemas['NewDecision'],
  options: Call = {},
): Promise<Schemas['DecisionMade']> {
  return client.post('/api/v1/findings/{finding_id}/decisions', { path: { finding_id }, body: decision, ...options });
}

/** Add a finding that no reader told. */
export function addFinding(
  client: Client,
  study_id: string,
  finding: Schemas['NewFinding'],
  options: Call = {},
): Promise<Schemas['DecisionMade']> {
  return client.post('/api/v1/studies/{study_id}/findings', { path: { study_id }, body: finding, ...options });
}

/**
 * Keep the impression's draft, written over `revision` (0: there was none).
 *
 * @throws DraftConflict with the draft that stands, where somebody else wrote meanwhile. Nothing is overwritten.
 */
export async function saveDraft(
  client: Client,
  study_id: string,
  draft: { text: string; revision: number },
  options: Call = {},
): Promise<Schemas['DraftView']> {
  const { text, revision } = draft;
  const asked = { path: { study_id }, body: { text }, ifMatch: `"${revision}"`, ...options };
  try {
    return await client.put('/api/v1/studies/{study_id}/report', asked);
  } catch (problem) {
    if (!(problem instanceof Conflict)) throw problem;
    const { draft: present } = await report(client, study_id, options);
    throw present.revision === revision ? problem : new DraftConflict(problem, present, text);
  }
}

/** Make the report final. `report_id` is the report that was looked at; a 409 says what stands in the way. */
export function sign(
  client: Client,
  study_id: string,
  signature: Schemas['NewSignature'],
  options: Call = {},
): Promise<Schemas['Signed']> {
  return client.post('/api/v1/studies/{study_id}/report/sign', { path: { study_id }, body: signature, ...options });
}

/** Add words to a signed report. */
export function addAddendum(
  client: Client,
  study_id: string,
  text: string,
  options: Call = {},
): Promise<Schemas['Signed']> {
  return client.post('/api/v1/studies/{study_id}/report/addenda', { path: { study_id }, body: { text }, ...options });
}
