import type { Client } from './client.js';
import type { Options, Schemas } from './types.js';

type Query = NonNullable<Options<'/api/v1/worklist', 'get'>['query']>;
/** Which studies, in which order, as `GET /api/v1/worklist` takes it; `limit` is the size of a page. */
export type WorklistQuery = Omit<Query, 'after'>;

/** The worklist page by page. */
export async function* worklistPages(
  client: Client,
  query: WorklistQuery = {},
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Schemas['Worklist'], void, void> {
  const { offset, ...rest } = query as WorklistQuery & { offset?: number };
  let place: Query & { offset?: number } = offset === undefined ? {} : { offset };
  for (;;) {
    const page = await client.get('/api/v1/worklist', { query: { ...rest, ...place }, signal: options.signal });
    yield page;
    if (page.next === null) return;
    place = { after: page.next };
  }
}

/** The worklist row by row, most urgent first; a study that moves while one walks comes once. */
export async function* worklist(
  client: Client,
  query: WorklistQuery = {},
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Schemas['WorklistRow'], void, void> {
  const seen = new Set<string>();
  for await (const page of worklistPages(client, query, options)) {
    for (const row of page.rows) {
      if (!seen.has(row.study_id)) yield row;
      seen.add(row.study_id);
    }
  }
}
