"""Whose report it is (PID, chapter 3.4.2), from the study's patient."""

from collections.abc import Iterator

from wetread.delivery.hl7.escaping import COMPONENT, REPETITION, escaped, subcomponents
from wetread.delivery.hl7.segments import Notes, day, segment
from wetread.domain.report import Report
from wetread.settings import HL7Names

GROUPS = ("A", "I", "P")  # table 0465: alphabetic, ideographic, phonetic, in the order of PS3.5 6.2.1.2
LEGAL, UNKNOWN_NAME = "L", "U"  # table 0200
PATIENT_INTERNAL, UNSPECIFIED = "PI", "U"  # table 0203
SEXES = ("F", "M", "O", "U", "A", "N")  # table 0001
NAME_PARTS = 5


def patient_segments(report: Report, names: HL7Names) -> list[str]:
    """PID, and a note of what did not fit into it.

    A study without a patient's number gets one of ours under our own name, since the field is required: a receiver
    that does not know it can't take the report for another patient's.
    """
    patient, notes = report.study.patient, Notes()
    fields = {
        1: "1",
        3: _number(report, names, notes),
        5: _names(patient.name, notes),
        7: day(patient.birth_date),
        8: patient.sex if patient.sex in SEXES else "",
    }
    return [segment("PID", fields), *notes.segments()]


def _number(report: Report, names: HL7Names, notes: Notes) -> str:
    number = (report.study.patient.patient_id or "").strip()
    if number:
        made = _identified(number, names.sending_facility, PATIENT_INTERNAL)
        if made := notes.identifier("PID-3", made, number):
            return made
    return _identified(report.study.ref, names.sending_application, UNSPECIFIED)


def _identified(number: str, authority: str, kind: str) -> str:
    """An identifier with who assigned it and of what kind it is (CX)."""
    return COMPONENT.join((escaped(number), "", "", subcomponents(*authority.split(COMPONENT)), kind))


def _names(name: str | None, notes: Notes) -> str:
    """Every group of a DICOM name as a repetition (XPN); names of several groups say which writing each is in."""
    groups = (name or "").strip().split("=")
    known = [(number, group) for number, group in enumerate(groups) if group.strip("^ ")]
    if not known:
        return COMPONENT * 6 + UNKNOWN_NAME
    several = len(known) > 1 or known[0][0] > 0
    told = ((_name(group, GROUPS[n] if several and n < len(GROUPS) else ""), group) for n, group in known)
    return REPETITION.join(notes.name("PID-5", made, group) for made, group in told)


def _name(group: str, writing: str) -> str:
    """Family, given, middle, prefix, suffix (PS3.5 6.2.1.1) in the order of an XPN; more parts stay in the last."""
    parts = list(_parts(group))
    family, given, middle, prefix, suffix = parts + [""] * (NAME_PARTS - len(parts))
    made = COMPONENT.join((*map(escaped, (family, given, middle, suffix, prefix)), "", LEGAL, writing))
    return made.rstrip(COMPONENT)


def _parts(group: str) -> Iterator[str]:
    parts = [part.strip() for part in group.split("^")]
    yield from parts[: NAME_PARTS - 1]
    if len(parts) >= NAME_PARTS:
        yield " ".join(filter(None, parts[NAME_PARTS - 1 :]))
