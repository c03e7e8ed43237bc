/** Views that a person keeps: a name and what the list's address asks for. */
import { readAsked, writeAsked } from './asked';

export interface View {
  name: string;
  /** The address's query, "" or "?…". */
  query: string;
}

const MOST = 30;

/** The views that the preferences hold; what is none is left out, what is asked for in them is read anew. */
export function viewsOf(kept: unknown): readonly View[] {
  if (!Array.isArray(kept)) return [];
  return kept.slice(0, MOST).flatMap((one: unknown) => {
    const { name, query } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || name === '' || typeof query !== 'string') return [];
    return [{ name: name.slice(0, 40), query: writeAsked(readAsked(query)) }];
  });
}

/** With this view too; one of the same name is replaced. */
export function withView(views: readonly View[], view: View): readonly View[] {
  return [...views.filter((one) => one.name !== view.name), view].slice(-MOST);
}

/** With another name for a view; nothing changes where the name is empty or taken. */
export function renamed(views: readonly View[], old: string, name: string): readonly View[] {
  const wanted = name.trim().slice(0, 40);
  if (wanted === '' || views.some((one) => one.name === wanted)) return views;
  return views.map((one) => (one.name === old ? { ...one, name: wanted } : one));
}
