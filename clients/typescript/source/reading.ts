import { type Change, changes } from './changes.js';
import type { Client } from './client.js';
import { StillWaiting } from './errors.js';
import type { Sendable } from './multipart.js';
import type { Schemas } from './types.js';
import { type Uploading, upload } from './uploads.js';
import { calledOff, join, pause } from './waiting.js';

/** How long to wait, and whom to tell meanwhile. */
export interface Patience {
  signal?: AbortSignal | undefined;
  /** Seconds after which `StillWaiting` is thrown; 600 by default. */
  timeoutS?: number | undefined;
  /** Called with each study as it is found, and whenever its status changed. */
  onStudy?: ((study: Schemas['StudyView']) => void) | undefined;
}

/** What became of an upload: its studies, all of them through with AI, and in `arrival.problems` what fits in none. */
export interface Came {
  arrival: Schemas['Arrived'];
  studies: Schemas['StudyView'][];
}

/**
 * A study that AI is through with. `study.ai` tells how that went: only `read` means that a reader looked. `failed`,
 * `unread` and `not_asked` never mean "nothing found".
 */
export interface ReadStudy {
  study: Schemas['StudyView'];
  report: Schemas['ReportView'];
  reads: Schemas['ReadView'][];
}

/** An upload with what was made of it. */
export interface Reading {
  arrival: Schemas['Arrived'];
  studies: ReadStudy[];
}

const THROUGH = new Set<Schemas['StudyStatus']>(['reported', 'failed', 'held', 'signed']);
const LISTENING_S = 10; // each look is a line in the audit: while the service tells what changes, we ask seldom
const FIRST_LOOK_S = 0.5;
const TIMEOUT_S = 600;

/** Send files, wait until AI is through with each of their studies, and fetch its report and reads. */
export async function read(
  client: Client,
  files: Iterable<Sendable>,
  options: Uploading & Patience = {},
): Promise<Reading> {
  const { arrival_id } = await upload(client, files, options);
  const { arrival, studies } = await waitForStudies(client, arrival_id, options);
  return { arrival, studies: await Promise.all(studies.map((study) => readStudy(client, study, options.signal))) };
}

/** Wait until every object of an upload has its place and AI is through with each study. Listens, and asks as well. */
export async function waitForStudies(client: Client, arrival_id: string, options: Patience = {}): Promise<Came> {
  const { timeoutS = TIMEOUT_S } = options;
  const ended = new AbortController();
  const { signal } = join([options.signal, ended.signal]);
  const bell = new Bell();
  const known: Known = new Map();
  const until = Date.now() + timeoutS * 1000;
  void listen(client, bell, (change) => mine(known, change), signal);
  try {
    for (let everyS = FIRST_LOOK_S; ; everyS = Math.min(everyS * 1.5, LISTENING_S)) {
      const arrival = await look(client, arrival_id, known, { ...options, signal });
      const studies = [...known.values()];
      const waiting = studies.filter((study) => !through(study)).map((study) => study.study_id);
      if (placed(arrival) && waiting.length === 0) return { arrival, studies };
      const leftS = (until - Date.now()) / 1000;
      if (leftS <= 0) throw new StillWaiting(arrival_id, waiting, timeoutS);
      await bell.rung(Math.min(leftS, bell.listening ? LISTENING_S : everyS), signal);
    }
  } finally {
    ended.abort();
  }
}

type Known = Map<string, Schemas['StudyView']>;

/** Ask where the upload stands, and each of its studies that was not through. */
async function look(client: Client, arrival_id: string, known: Known, options: Patience): Promise<Schemas['Arrived']> {
  const { signal, onStudy } = options;
  const arrival = await client.get('/api/v1/uploads/{arrival_id}', { path: { arrival_id }, signal });
  for (const study_id of arrival.study_ids) {
    const before = known.get(study_id);
    if (through(before)) continue;
    const study = await client.get('/api/v1/studies/{study_id}', { path: { study_id }, signal });
    if (before?.status !== study.status) onStudy?.(study);
    known.set(study_id, study);
  }
  return arrival;
}

async function readStudy(
  client: Client,
  study: Schemas['StudyView'],
  signal: AbortSignal | undefined,
): Promise<ReadStudy> {
  const options = { path: { study_id: study.study_id }, signal };
  const [report, reads] = await Promise.all([
    client.get('/api/v1/studies/{study_id}/report', options),
    client.get('/api/v1/studies/{study_id}/reads', options),
  ]);
  return { study, report, reads: reads.reads };
}

function placed(arrival: Schemas['Arrived']): boolean {
  return arrival.closed_at !== null && arrival.waiting === 0;
}

function through(study: Schemas['StudyView'] | undefined): boolean {
  return study !== undefined && THROUGH.has(study.status);
}

/** Whether a change may be about this upload: of one of its studies that is not through, or of one not yet known. */
function mine(known: Known, change: Change): boolean {
  const study = change.study_id === null ? undefined : known.get(change.study_id);
  return !through(study);
}

/** What wakes whoever waits; rung while nobody waits, it wakes the next who does. */
class Bell {
  listening = false;
  #ringing = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#ringing = true;
    this.#wake?.();
  }

  async rung(atMostS: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#ringing) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      const either = join([woken.signal, signal]);
      await pause(atMostS, either.signal).catch(() => undefined);
      either.release();
      this.#wake = null;
    }
    if (signal?.aborted) throw calledOff(signal);
    if (this.#ringing) await pause(FIRST_LOOK_S, signal); // others' changes may come by the hundred
    this.#ringing = false;
  }
}

/** Ring for each change that matters. Whoever may not listen asks more often instead. */
async function listen(
  client: Client,
  bell: Bell,
  matters: (change: Change) => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const onOpen = (): void => {
    bell.listening = true;
    bell.ring(); // what changed before the connection stood is not told
  };
  const onLost = (): void => {
    bell.listening = false;
  };
  try {
    for await (const change of changes(client, { signal, onOpen, onLost })) if (matters(change)) bell.ring();
  } catch {
    bell.listening = false; // 401, 403: what is asked for says it too
  }
}
