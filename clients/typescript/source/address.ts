/**
 * A path of the description with its parameters, each of them escaped, and its query; what is undefined is left out.
 *
 * @throws TypeError where a parameter is missing, or is what no path can hold: `.`, `..`, half a character.
 */
export function address(path: string, parts?: object, query?: object): string {
  const given = (parts ?? {}) as Record<string, unknown>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => segment(given[name], `${path} needs ${name}`));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) search.append(name, String(one));
    }
  }
  return search.size ? `${filled}?${search}` : filled;
}

/** One step of a path. `.` and `..` would be resolved away, even escaped, and another address be asked. */
export function segment(value: unknown, problem: string): string {
  const text = value === undefined || value === null ? '' : String(value);
  if (text === '' || text === '.' || text === '..') throw new TypeError(problem);
  try {
    return encodeURIComponent(text);
  } catch {
    throw new TypeError(`${problem}; what was given holds half a character`);
  }
}
