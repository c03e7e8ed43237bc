/**
 * Where to go after the login: an address of our own that `?next=` names, else the worklist. Whatever could lead to
 * another site (`//host`, `/\host`, `https:`, a line break that browsers leave out) does not count.
 */
export function nextOf(search: string): string {
  const wanted = new URLSearchParams(search).get('next') ?? '';
  if (!/^\/(?![/\\])/.test(wanted) || hasControls(wanted)) return '/';
  const home = 'http://home.invalid';
  const url = URL.canParse(wanted, home) ? new URL(wanted, home) : null;
  if (url === null || url.origin !== home || url.pathname.startsWith('//')) return '/';
  return isDoor(url.pathname) ? '/' : url.pathname + url.search + url.hash;
}

function hasControls(text: string): boolean {
  return [...text].some((letter) => letter < ' ' || letter === '\u007f' || letter === '\\');
}

function isDoor(path: string): boolean {
  return path === '/login' || path === '/setup';
}
