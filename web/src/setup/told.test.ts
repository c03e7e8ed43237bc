import { BadRequest, Conflict, NotAllowed, TooMany, Unreachable } from '@wetread/client';
import { describe, expect, it } from 'vitest';
import { check, type Given, refused } from './told';

const RULES = { shortest: 12, longest: 1024 };
const GOOD: Given = {
  code: 'ABCD-EFGH',
  login: 'eve',
  name: '',
  password: 'wide-awake-at-night',
  again: 'wide-awake-at-night',
  demo: true,
};

describe('what the setup page sees before it sends', () => {
  it('finds nothing wrong with what is right', () => {
    expect(check(GOOD, RULES)).toEqual({});
  });

  it.each([
    [{ code: ' ' }, 'code'],
    [{ login: 'eve adams' }, 'login'],
    [{ password: 'short', again: 'short' }, 'password'],
    [{ again: 'wide-awake-at-nigth' }, 'again'],
  ])('%j is told at its field', (change, field) => {
    expect(Object.keys(check({ ...GOOD, ...change }, RULES))).toEqual([field]);
  });

  it('counts characters as the service does, not halves of them', () => {
    expect(check({ ...GOOD, password: '😀'.repeat(11), again: '😀'.repeat(11) }, RULES).password).toContain('11 of');
  });
});

describe('what the service refuses', () => {
  it.each([
    [new NotAllowed(403, 'Forbidden', 'the code is not right'), { code: 'The code is not right.' }],
    [new TooMany(429, 'Too Many', 'too many tries; wait a minute'), { code: 'Too many tries; wait a minute.' }],
    [new BadRequest(400, 'Bad', "the login can't be used"), { login: "The login can't be used." }],
    [new BadRequest(422, 'x', 'schema', ['body.password: it is short']), { password: 'It is short.' }],
    [new Conflict(409, 'Conflict', 'set up already; log in'), { form: 'Set up already; log in.' }],
    [new Unreachable('no answer'), { form: 'no answer' }],
  ])('%s stands at its field', (problem, told) => {
    expect(refused(problem)).toEqual(told);
  });
});
