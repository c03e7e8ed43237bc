/** Whose study it is, in words. */
import type { Schemas } from './api';

/** A DICOM name for people: "Doe, Jane Ann"; the first of its writings that says something. */
export function person(name: string | null): string {
  const writing = (name ?? '').split('=').find((one) => one.replaceAll('^', '').trim() !== '');
  if (writing === undefined) return 'no name';
  const [family = '', ...others] = writing.split('^').map((part) => part.trim());
  const rest = others.filter(Boolean).join(' ');
  return family && rest ? `${family}, ${rest}` : family || rest;
}

/** "63 y F", "7 mo M"; "" where neither is known. */
export function ageAndSex(patient: Pick<Schemas['PatientView'], 'age_years' | 'sex'>): string {
  const years = patient.age_years;
  const age = years === null ? '' : years < 2 ? `${Math.floor(years * 12)} mo` : `${Math.floor(years)} y`;
  return [age, patient.sex ?? ''].filter(Boolean).join(' ');
}
