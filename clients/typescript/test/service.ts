/** A service of a few lines that answers as a test says, and remembers what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Client, type Settings } from '@wetread/client';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}
export type Handle = (seen: Seen, answer: ServerResponse, request: IncomingMessage) => unknown;

export interface Fake {
  url: string;
  seen: Seen[];
  client: Client;
  /** What was asked as `POST /path`, in order. */
  asked: () => string[];
}

/** A running service that ends with the test. `raw` handlers read the body themselves. */
export async function service(test: TestContext, handle: Handle, settings: Settings = {}, raw = false): Promise<Fake> {
  const seen: Seen[] = [];
  const server = createServer(async (request, answer) => {
    const one: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.alloc(0),
    };
    seen.push(one);
    if (!raw) one.body = await whole(request);
    await handle(one, answer, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Client({ baseUrl: url, token: 'wr_secret-token', ...settings });
  return { url, seen, client, asked: () => seen.map((one) => `${one.method} ${one.url}`) };
}

/** Answer with JSON. */
export function tell(answer: ServerResponse, data: unknown, status = 200, headers: Record<string, string> = {}): void {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers });
  answer.end(JSON.stringify(data));
}

/** Refuse, as the service does. */
export function refuse(
  answer: ServerResponse,
  status: number,
  detail: string,
  headers: Record<string, string> = {},
): void {
  answer.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  answer.end(
    JSON.stringify({ type: 'about:blank', title: 'Refused', status, detail, errors: ['body.text: too long'] }),
  );
}

/** A person's session: gives CSRF token after CSRF token, and is asked for one with every change. */
export function sessionOf(...tokens: string[]): Handle {
  let at = 0;
  return (_, answer) =>
    tell(answer, { name: 'rad', roles: [], permissions: [], csrf: tokens[Math.min(at++, tokens.length - 1)] });
}

export async function whole(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What a promise is rejected with; a promise that resolves fails the test. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it was expected to fail and did not');
    },
    (problem: Error) => problem,
  );
}

/** Resolves once it holds; a test's own time limit ends it otherwise. */
export async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
}
