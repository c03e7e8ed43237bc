import { Refused } from '@wetread/client';

/** What the person fills in. */
export interface Given {
  code: string;
  login: string;
  name: string;
  password: string;
  again: string;
  demo: boolean;
}

export type FieldName = 'code' | 'login' | 'name' | 'password' | 'again';
/** What is wrong, field by field; `form` is about the whole. */
export type Wrong = Partial<Record<FieldName | 'form', string>>;

const LOGIN = /^[\p{L}\p{N}_.@+-]{1,100}$/u;

/** What can be seen to be wrong before anything is sent. */
export function check(given: Given, rules: { shortest: number; longest: number }): Wrong {
  const wrong: Wrong = {};
  if (given.code.trim() === '') wrong.code = 'Copy the code from the output of wetread serve.';
  if (!LOGIN.test(given.login.trim())) wrong.login = 'Letters, digits and . _ @ + - only, no spaces.';
  const length = [...given.password].length;
  if (length < rules.shortest) wrong.password = `It has ${length} of at least ${rules.shortest} characters.`;
  if (length > rules.longest) wrong.password = `It has more than ${rules.longest} characters.`;
  if (given.password !== given.again) wrong.again = 'The two are not the same.';
  return wrong;
}

/** What the service refused, beside the field that it is about. */
export function refused(problem: unknown): Wrong {
  if (!(problem instanceof Refused)) return { form: problem instanceof Error ? problem.message : String(problem) };
  if (problem.status === 403 || problem.status === 429) return { code: sentence(problem.detail) };
  if (problem.status === 400) return { [fieldOf(problem.detail)]: sentence(problem.detail) };
  if (problem.status === 422) {
    const wrong: Wrong = {};
    for (const one of problem.errors) {
      const told = /^body\.(code|login|name|password): (.*)$/.exec(one);
      if (told) wrong[told[1] as FieldName] = sentence(told[2] ?? '');
    }
    return Object.keys(wrong).length > 0 ? wrong : { form: sentence(problem.detail) };
  }
  return { form: sentence(problem.detail) };
}

function fieldOf(detail: string): FieldName | 'form' {
  if (detail.startsWith('the login')) return 'login';
  return detail.startsWith('the password') ? 'password' : 'form';
}

function sentence(words: string): string {
  const told = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(told) ? told : `${told}.`;
}
