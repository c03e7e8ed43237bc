/** What is wrong with what was typed, before the service is asked; null: nothing. The service checks again. */
export const PASSWORD = { least: 12, most: 1024 } as const;
export const PASSWORD_HINT = `${PASSWORD.least} characters or more; a sentence is fine`;

export function passwordProblem(password: string): string | null {
  if (password.length < PASSWORD.least) return `it needs ${PASSWORD.least} characters or more`;
  return password.length > PASSWORD.most ? `it has more than ${PASSWORD.most} characters` : null;
}

export function loginProblem(login: string): string | null {
  if (login.trim() === '') return 'who is it? A login is needed';
  return login.length > 100 ? 'it has more than 100 characters' : null;
}

export function daysProblem(days: string): string | null {
  if (days === '') return null;
  return /^[1-9]\d{0,4}$/.test(days) && Number(days) <= 36_500 ? null : 'a number of days from 1 to 36500, or nothing';
}

/** A moment of a form (`datetime-local`, in the browser's zone) as the API takes it; null where there is none. */
export function instant(local: string): string | null {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
