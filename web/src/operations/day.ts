/** Days in UTC, as the service counts them. */
const DAY_MS = 86_400_000;

export function today(now: Date = new Date()): string {
  return now.toISOString().slice(0, 10);
}

/** The day some days away; null where the text is no day. */
export function away(day: string, days: number): string | null {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? null : new Date(at + days * DAY_MS).toISOString().slice(0, 10);
}
