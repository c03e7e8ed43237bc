import { describe, expect, it } from 'vitest';
import { courses, type Look, level } from './told';

const measure = { kind: 'metadata', what: 'PSI', level: 'quiet', limit: 0.25, low: null, n: 40, text: '' } as const;

function look(day: string, value: number | null): Look {
  return { since: day, until: `${day}T00:00:00Z`, level: 'quiet', studies: 40, measures: [{ ...measure, value }] };
}

describe('the course of a measure', () => {
  it('runs from the oldest look to the last one, in days before it', () => {
    const told = courses([look('2026-01-03', 0.3), look('2026-01-01', 0.1), look('2026-01-02', 0.2)]);
    expect(told).toEqual([
      {
        name: 'metadata: PSI',
        limit: 0.25,
        points: [
          [-2, 0.1],
          [-1, 0.2],
          [0, 0.3],
        ],
      },
    ]);
  });

  it('leaves out what too few cases gave', () => {
    expect(courses([look('2026-01-01', null), look('2026-01-02', 0.2)])[0]?.points).toEqual([[0, 0.2]]);
    expect(courses([])).toEqual([]);
  });

  it('tells each level by a shape of its own', () => {
    const told = (['too_few', 'quiet', 'warn', 'alarm'] as const).map((one) => level(one)[0]);
    expect(new Set(told).size).toBe(4);
  });
});
