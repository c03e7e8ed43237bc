import type { Fetch } from './types.js';
import { join } from './waiting.js';

/** How much of a body has gone out. */
export interface Progress {
  sentBytes: number;
  totalBytes: number;
}

/**
 * A fetch that tells how much of its body, a Blob, has gone out, and gives up when nothing moves for `silenceS`.
 * In a browser it is XMLHttpRequest, the only thing there that tells; elsewhere the body is counted as it is read.
 */
export function watched(fetch: Fetch, silenceS: number, onProgress?: (progress: Progress) => void): Fetch {
  return async (url, init = {}) => {
    const body = init.body as Blob;
    const stalled = new AbortController();
    const stop = (): void => stalled.abort(new DOMException(`nothing moved for ${silenceS} s`, 'TimeoutError'));
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const went = (sentBytes: number): void => {
      if (over) return; // what was under way may still be read after the request has ended
      clearTimeout(timer);
      timer = setTimeout(stop, silenceS * 1000);
      onProgress?.({ sentBytes: Math.min(sentBytes, body.size), totalBytes: body.size });
    };
    const { signal, release } = join([init.signal, stalled.signal]);
    try {
      went(0);
      const inBrowser = typeof XMLHttpRequest === 'function';
      return await (inBrowser ? byXhr : byStream(fetch))(String(url), { ...init, signal }, body, went);
    } finally {
      over = true;
      release();
      clearTimeout(timer);
    }
  };
}

type Carried = (url: string, init: RequestInit, body: Blob, went: (sentBytes: number) => void) => Promise<Response>;

function byStream(fetch: Fetch): Carried {
  return (url, init, body, went) => {
    let sent = 0;
    const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, out) {
        out.enqueue(piece);
        sent += piece.byteLength;
        went(sent);
      },
    });
    const headers = new Headers(init.headers);
    headers.set('content-length', String(body.size));
    const streaming = { ...init, headers, body: body.stream().pipeThrough(counted), duplex: 'half' };
    return fetch(url, streaming);
  };
}

const byXhr: Carried = (url, init, body, went) =>
  new Promise((resolve, reject) => {
    const { signal } = init;
    const asked = new XMLHttpRequest();
    const stop = (): void => asked.abort();
    const lost = (words: string) => () => {
      signal?.removeEventListener('abort', stop);
      reject(signal?.aborted ? signal.reason : new TypeError(words));
    };
    asked.open(init.method ?? 'POST', url);
    asked.responseType = 'arraybuffer';
    for (const [name, value] of new Headers(init.headers)) asked.setRequestHeader(name, value);
    asked.upload.onprogress = (told) => went(told.loaded);
    asked.onload = () => {
      signal?.removeEventListener('abort', stop);
      resolve(answerOf(asked));
    };
    asked.onerror = lost('the connection was lost');
    asked.onabort = lost('the request was broken off');
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener('abort', stop, { once: true });
    asked.send(body);
  });

function answerOf(asked: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const line of asked.getAllResponseHeaders().trim().split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const empty = asked.status === 204 || asked.status === 304;
  return new Response(empty ? null : asked.response, { status: asked.status, statusText: asked.statusText, headers });
}
