/** What the service tells of drift, for tables and drawings. */
import type { Schemas } from '../../shared/api';

export type Level = Schemas['Level'];
export type Look = Schemas['DriftLook'];
export interface Course {
  name: string;
  points: [daysBefore: number, value: number][];
  limit: number | null;
}

const DAY_MS = 86_400_000;
const WORDS: Record<Level, string> = { too_few: '○ too few', quiet: '● quiet', warn: '◆ warns', alarm: '▲ alarm' };

/** A level as shape and word. */
export function level(told: Level): string {
  return WORDS[told];
}

/** Each measure's course over the looks, oldest first: days before the last look, and its value. */
export function courses(looks: readonly Look[]): Course[] {
  const ordered = [...looks].sort((a, b) => a.until.localeCompare(b.until));
  const last = Date.parse(ordered.at(-1)?.until ?? '');
  const found = new Map<string, Course>();
  for (const look of ordered) {
    const days = (Date.parse(look.until) - last) / DAY_MS;
    for (const one of look.measures) {
      if (one.value === null) continue;
      const name = `${one.kind}: ${one.what}`;
      const course = found.get(name) ?? { name, points: [], limit: null };
      course.points.push([days, one.value]);
      course.limit = one.limit;
      found.set(name, course);
    }
  }
  return [...found.values()];
}
