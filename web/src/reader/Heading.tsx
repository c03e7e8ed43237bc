import { ageAndSex, person } from '../shared/person';
import { Urgency } from '../shared/Urgency';
import type { Reading } from './useReading';

/** Whose study this is, which one, how urgent it is and why. */
export function Heading({ reading, why }: { reading: Reading; why: () => void }) {
  const { study, first } = reading;
  const { patient } = study;
  const about = [patient.patient_id, ageAndSex(patient), study.description, study.study_date];
  return (
    <span className="reader-heading">
      <bdi className="reader-who">{person(patient.name)}</bdi>
      <bdi className="reader-about">{about.filter(Boolean).join(' · ')}</bdi>
      {first.hidden ? (
        <span className="meta">urgency hidden</span>
      ) : (
        <>
          <Urgency priority={study.priority} />
          <button type="button" onClick={why}>
            Why?
          </button>
        </>
      )}
    </span>
  );
}
