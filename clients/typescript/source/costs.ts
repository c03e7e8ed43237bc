import type { Client } from './client.js';
import type { Schemas } from './types.js';

/**
 * What reading a study would take, reader by reader, before anybody is called. `usd` null: unknown, not free; `unknown`
 * of the reader's line says why.
 */
export function estimate(
  client: Client,
  study_id: string,
  options: { readers?: string[] | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Schemas['Estimates']> {
  const { readers, signal } = options;
  const query = readers === undefined ? {} : { reader: readers };
  return client.get('/api/v1/studies/{study_id}/estimate', { path: { study_id }, query, signal });
}
