import type { Client } from './client.js';
import type { Schemas } from './types.js';

/** Log in as a person. A browser keeps the session's cookie; elsewhere the client does, for as long as it lives. */
export function login(
  client: Client,
  credentials: Schemas['Credentials'],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Schemas['SessionTold']> {
  return client.post('/api/v1/login', { body: credentials, ...options });
}

/** End this session. */
export async function logout(client: Client, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  await client.post('/api/v1/logout', options);
}
