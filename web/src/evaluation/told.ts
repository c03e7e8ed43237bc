/** What `wetread evaluate` writes, as the pages use it: metrics.json and curves.json. A part that is not there is absent. */
import type { Schemas } from '../shared/api';

/** A figure with its 95 % interval and what it rests on; null: too few cases. */
export interface Interval {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

export interface Finding {
  code: string;
  label: string;
  n: number;
  n_pos: number;
  auroc: Interval;
  ece_raw: number | null;
  ece_calibrated: number | null;
  threshold: number | null;
  calibration: Record<string, unknown> | null;
  why: string | null;
  auprc: number | null;
  brier: number | null;
  sensitivity: number | null;
  specificity: number | null;
  ppv: number | null;
  flag_rate: number | null;
  intervals: Record<string, Omit<Interval, 'value'>>;
}

export interface Urgency {
  n: number;
  table: number[][];
  kappa: Interval;
  under_triage: Interval;
  over_triage: Interval;
  critical_sensitivity: Interval;
  false_p1_per_100: number | null;
  unread_share: Interval;
  [more: string]: unknown;
}

export interface Subgroup {
  by: string;
  group: string;
  n: number;
  n_pos: number;
  auroc: Interval;
  gap: Interval;
}

export interface StressTold {
  disturbance: string;
  what: string;
  n: number;
  n_read: number;
  flips: Interval;
  lost: Interval;
  false_findings: Interval;
  false_findings_before: Interval;
  auroc_change: Interval;
  sides_moved: Interval;
  passed: boolean | null;
  why: string[];
}

export interface Degenerate {
  code: string;
  label: string;
  what: string;
  split: string;
  n: number;
  n_pos: number;
  reason: string;
}

export interface ReaderTold {
  name: string;
  version: string;
  fingerprint: string;
  model_id: string | null;
  n: number;
  n_read: number;
  n_abstained: number;
  n_failed: number;
  findings: Finding[];
  any_finding: Finding;
  macro_f1: Interval;
  urgency: Urgency;
  cost: { total_usd: number | null; per_100_usd: number | null; unpriced: number };
  latency_ms: { p50: number | null; p95: number | null; p99: number | null; n: number };
  controls?: { disturbance: string; n_read: number; any_finding: Finding }[];
  subgroups?: Subgroup[];
  queue?: Schemas['QueueView'] | null;
  degenerate?: Degenerate[];
  stress?: StressTold[];
  [more: string]: unknown;
}

export interface Comparison {
  first: string;
  second: string;
  code: string;
  label: string;
  n: number;
  n_pos: number;
  difference: number | null;
  low: number | null;
  high: number | null;
  p: number | null;
  p_holm: number | null;
}

export interface Shortcut {
  looks_at: string;
  n: number;
  n_pos: number;
  auroc: Interval;
  tells: boolean;
}

export interface Metrics {
  schema: string;
  manifest: Record<string, unknown>;
  data: Record<string, unknown>;
  remarks: string[];
  readers: ReaderTold[];
  shortcuts: Shortcut[];
  comparisons: Comparison[];
  [more: string]: unknown;
}

export type Points = readonly (readonly [x: number, y: number])[];

export interface Curve {
  code: string;
  label: string;
  n: number;
  n_pos: number;
  roc: Points;
  pr: Points;
  reliability: Points;
  risk_coverage: Points;
}

export interface Curves {
  readers: { name: string; curves: Curve[] }[];
}

/** A figure of a finding whose interval stands beside it in the file. */
export function interval(one: Finding, name: 'auprc' | 'brier' | 'sensitivity' | 'specificity' | 'ppv' | 'flag_rate') {
  return { value: one[name], low: null, high: null, n: one.n, ...one.intervals[name] } satisfies Interval;
}

/** Whether something from a file is a figure with its interval. */
export function isInterval(told: unknown): told is Interval {
  return typeof told === 'object' && told !== null && 'value' in told && 'low' in told && 'high' in told;
}
