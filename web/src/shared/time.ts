/** Times and lengths of time in words: short ones for rows, full ones for titles. */

/** "3 h 05", "12 min", "2 d 4 h": seconds for people. */
export function span(seconds: number): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Date and time in the browser's zone, ISO-like so that nobody has to guess day and month. */
export function moment(iso: string | null | undefined): string {
  if (!iso) return '–';
  const at = new Date(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
