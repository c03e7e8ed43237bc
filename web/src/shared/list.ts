/** Which studies the list showed, in its order, so that a reader can go on to the next: ids only, in this tab only. */
const PLACE = 'wetread.list';
const MOST = 500;

/** The list as it stands; call it when a study is opened from it. */
export function rememberList(ids: readonly string[]): void {
  sessionStorage.setItem(PLACE, JSON.stringify(ids.slice(0, MOST)));
}

/** The study after this one in the list that was remembered; null where it was the last or is not in it. */
export function nextInList(id: string): string | null {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? '[]');
    if (!Array.isArray(ids)) return null;
    const at = ids.indexOf(id);
    const next: unknown = at < 0 ? null : ids[at + 1];
    return typeof next === 'string' && /^[0-9a-f]{32}$/.test(next) ? next : null;
  } catch {
    return null;
  }
}
