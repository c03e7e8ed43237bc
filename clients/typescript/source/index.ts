/** Client of wetread's API. Research use only: AI reads are preliminary, only a human makes a report final. */
export * from './address.js';
export * from './changes.js';
export * from './client.js';
export * from './costs.js';
export * from './dicomweb.js';
export {
  Aborted,
  BadRequest,
  Conflict,
  DraftConflict,
  NotAllowed,
  NotFound,
  NotLoggedIn,
  NotUnderstood,
  Refused,
  refusalOf,
  retryAfter,
  ServiceFailed,
  StillWaiting,
  TimedOut,
  TooMany,
  Unreachable,
  WetreadError,
} from './errors.js';
export { type Part, partsOf, type Sendable } from './multipart.js';
export type { Progress } from './progress.js';
export * from './reading.js';
export * from './review.js';
export * from './session.js';
export type { Settings } from './settings.js';
export type { Answer, Asked, Method, Options, PathOf, Schemas } from './types.js';
export { type Uploading, upload } from './uploads.js';
export * from './worklist.js';
