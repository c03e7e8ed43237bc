"""What messages say of patients: who they are (PID), where they are (PV1), which numbers became one (MRG)."""

from wetread.domain.ordered import Demographics, Merged
from wetread.domain.study import Patient
from wetread.domain.waiting import PatientClass
from wetread.intake.hl7 import words
from wetread.intake.hl7.message import Message, MessageInvalid, Segment

MOST_PATIENTS = 1000


def demographics(message: Message) -> Demographics:
    """The patient of an ADT message.

    Raises: MessageInvalid where it names none.
    """
    if (pid := message.first("PID")) is None:
        raise MessageInvalid("it has no PID segment")
    patient = patient_of(pid)
    if patient.patient_id is None:
        raise MessageInvalid("its PID-3 names no patient")
    return Demographics(patient=patient, patient_class=class_of(message))


def merges(message: Message) -> tuple[Merged, ...]:
    """The pairs of numbers of a merge: each MRG with the PID before it.

    Raises: MessageInvalid.
    """
    found: list[Merged] = []
    pid: Segment | None = None
    for segment in message.segments:
        if segment.name == "PID":
            pid = segment
        elif segment.name == "MRG":
            found.append(_merged(pid, segment))
    if not found:
        raise MessageInvalid("it has no MRG segment")
    if len(found) > MOST_PATIENTS:
        raise MessageInvalid(f"it merges more than {MOST_PATIENTS:,} patients")
    return tuple(found)


def patient_of(pid: Segment) -> Patient:
    """The patient of a PID segment. PID-2 counts where PID-3 is empty, as in version 2.2.

    Raises: MessageInvalid.
    """
    return Patient(
        patient_id=words.patient_id(pid.repetitions(3), "PID-3") or words.identifier(pid.word(2), "PID-2"),
        name=words.name(pid.repetitions(5)),
        birth_date=words.birth_date(pid.word(7)),
        sex=words.sex(pid.word(8)),
    )


def class_of(message: Message) -> PatientClass:
    """Where the patient is."""
    pv1 = message.first("PV1")
    return words.patient_class(pv1.word(2)) if pv1 is not None else PatientClass.UNKNOWN


def _merged(pid: Segment | None, mrg: Segment) -> Merged:
    patient = patient_of(pid) if pid is not None else Patient()
    gone = words.patient_id(mrg.repetitions(1), "MRG-1")
    if patient.patient_id is None or gone is None:
        raise MessageInvalid("a merge of it lacks the number that stays (PID-3) or the one that goes (MRG-1)")
    if gone == patient.patient_id:
        raise MessageInvalid("a merge of it names the same number twice")
    return Merged(patient=patient, gone=gone)
