/** The API's types by name, and the types of its calls, all made from openapi.json. */
import type { components, paths } from './schema.js';

export type { paths };
export type Schemas = components['schemas'];
export type Fetch = typeof fetch;
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** The paths that answer to a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
/** A part of the request under its own name: required where the API requires it. */
type Slot<A, K extends string> =
  A extends Record<K, infer V>
    ? { [name in K]: V }
    : A extends { [name in K]?: infer V }
      ? { [name in K]?: V | undefined }
      : { [name in K]?: undefined };
type Parameters<O> = O extends { parameters: infer A } ? Slot<A, 'path'> & Slot<A, 'query'> : unknown;
type Json<B> = B extends { content: { 'application/json': infer J } } ? J : never;
type Body<O> = O extends { requestBody: infer B }
  ? { body: Json<B> }
  : O extends { requestBody?: infer B }
    ? { body?: Json<NonNullable<B>> | undefined }
    : unknown;
type Good = 200 | 201 | 202 | 204;
type JsonOut<R> = R extends { content: { 'application/json': infer J } } ? J : undefined;

/** What a call answers with. */
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? JsonOut<R[keyof R & Good]> : never;

/** What every call may be given. `ifMatch` is the ETag of what it was written over. */
export interface Common {
  ifMatch?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a call is given: its path, query and body as the API describes them. */
export type Options<P extends keyof paths, M extends Method> = Parameters<Operation<P, M>> &
  Body<Operation<P, M>> &
  Common;

/** The options as the last argument of a call: they may be left out where nothing in them is required. */
export type Asked<P extends keyof paths, M extends Method> =
  Partial<Record<never, never>> extends Options<P, M> ? [options?: Options<P, M>] : [options: Options<P, M>];
