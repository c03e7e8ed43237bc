/** Figures for people: with their unit, and "–" for what nobody knows, which is never 0. */
export const UNKNOWN = '–';

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return UNKNOWN;
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
}

/** US dollars with as many digits as a small price needs. */
export function dollars(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return UNKNOWN;
  return `$${usd.toFixed(Math.abs(usd) < 0.1 ? 4 : 2).replace(/(\.\d\d)0+$/, '$1')}`;
}

/** How long something took: "0.42 s", "12 s", "3 min 20 s", "2 h 05". */
export function took(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}`;
}

/** Bytes by powers of 1024. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
