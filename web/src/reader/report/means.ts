import type { Schemas } from '../../shared/api';

export const MEANS: Record<Schemas['Means'], string> = {
  phone: 'by phone',
  in_person: 'in person',
  video: 'by video',
  secure_message: 'by secure message',
  other: 'by other means',
};

/** A moment as a `datetime-local` field shows it, in the browser's zone. */
export function localTime(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
