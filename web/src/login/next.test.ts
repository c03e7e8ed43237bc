import { describe, expect, it } from 'vitest';
import { nextOf } from './next';

const asked = (next: string): string => nextOf(`?next=${encodeURIComponent(next)}`);

describe('where the login leads', () => {
  it.each(['/', '/study/0123', '/study/0123/compare', '/?mine=1&priority=P1', '/operations#queue'])(
    'goes on to %s',
    (next) => {
      expect(asked(next)).toBe(next);
    },
  );

  it.each([
    '',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/..//evil.example',
    'study/0123',
    '/login?next=/login',
    '/setup',
  ])('never goes to %j', (next) => {
    expect(asked(next)).toBe('/');
  });

  it('goes to the list where nothing is named', () => {
    expect(nextOf('')).toBe('/');
  });
});
