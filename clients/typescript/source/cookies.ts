/** The session's cookie, where no browser keeps it (Node): a browser shows nobody its Set-Cookie headers. */
export class Cookies {
  readonly #kept = new Map<string, string>();
  readonly #secure: boolean;

  constructor(baseUrl: string) {
    this.#secure = baseUrl.startsWith('https:');
  }

  /** The Cookie header of the next request, null where there is nothing to send. */
  get header(): string | null {
    return this.#kept.size ? [...this.#kept].map(([name, value]) => `${name}=${value}`).join('; ') : null;
  }

  /** Keep, or drop, what an answer sets. What is for https only is kept only there. */
  take(headers: Headers): void {
    for (const line of headers.getSetCookie?.() ?? []) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const said = attributes.map((one) => one.toLowerCase());
      const over = said.includes('max-age=0') || value.replaceAll('"', '') === '';
      if (over) this.#kept.delete(name);
      else if (this.#secure || !said.includes('secure')) this.#kept.set(name, value);
    }
  }
}
