"""The result message: ORU^R01 of HL7 v2.5.1, chapter 7.3.1. It follows from the report alone, byte by byte."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from wetread.delivery.hl7.escaping import ENCODING_CHARACTERS, SEGMENT_END, components, escaped, formatted
from wetread.delivery.hl7.narrative import narrative
from wetread.delivery.hl7.observations import DELETED, Observation, findings, urgency
from wetread.delivery.hl7.patient import patient_segments
from wetread.delivery.hl7.segments import Notes, coded, day, moment, segment
from wetread.delivery.objects.codes import Code
from wetread.domain.order import Request
from wetread.domain.report import Report, ReportStatus
from wetread.settings import HL7Names

VERSION = "2.5.1"
CHARACTER_SET = "UNICODE UTF-8"  # table 0211
PRELIMINARY, FINAL, CORRECTION = "P", "F", "C"  # tables 0123 and 0085
RADIOLOGY = "RAD"  # table 0074
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)
CONTROL_ID = re.compile(r"[0-9A-Za-z._-]{1,20}", re.ASCII)  # MSH-10 has 20 characters
HASH_LENGTH = 18
STUDY = Code("113014", "DCM", "DICOM Study")  # as IHE RAD TF-2 writes it
# LOINC 2.77
NARRATIVE = Code("18782-3", "LN", "Radiology Study observation (findings)")
DOCUMENT = Code("11528-7", "LN", "Radiology Report")
OWN_NUMBERS = "WETREAD"


def as_oru(report: Report, *, names: HL7Names, text: str, pdf: bytes | None = None) -> bytes:
    """The report as a message in UTF-8, segments ending with CR; `text` is the report in words.

    Raises: ValueError where nobody has said when the report was made.
    """
    made = _made_at(report)
    status = status_of(report)
    segments = [
        _header(report, names, made),
        *patient_segments(report, names),
        *_request_segments(report, made, status),
        *_observation_segments(report, _observations(report, text, pdf), made, status),
    ]
    return "".join(one + SEGMENT_END for one in segments).encode("utf-8")


def control_id(report: Report) -> str:
    """What the message is called (MSH-10): the same each time the report is sent."""
    if CONTROL_ID.fullmatch(report.report_id):
        return report.report_id
    return "WR" + hashlib.sha256(report.report_id.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH].upper()


def status_of(report: Report) -> str:
    """P until a human signs; F then; C where a signed result is changed or any is taken back."""
    if report.status is ReportStatus.REJECTED:
        return CORRECTION
    if report.status is ReportStatus.PRELIMINARY:
        return PRELIMINARY
    again = report.supersedes is not None and report.supersedes.status is not ReportStatus.PRELIMINARY
    return CORRECTION if again else FINAL


def _made_at(report: Report) -> datetime:
    if report.made_at is None or report.made_at.tzinfo is None:
        raise ValueError("a report that leaves the house says when it was made: set made_at, with its time zone")
    return report.made_at


def _header(report: Report, names: HL7Names, made: datetime) -> str:
    """MSH (chapter 2.14.9); its first field is the delimiter itself."""
    told = (names.sending_application, names.sending_facility, names.receiving_application, names.receiving_facility)
    parties = {number: components(*name.split("^")) for number, name in enumerate(told, 2)}
    fields = parties | {
        1: ENCODING_CHARACTERS,
        6: moment(made),
        8: components("ORU", "R01", "ORU_R01"),
        9: control_id(report),
        10: "P",
        11: VERSION,
        17: CHARACTER_SET,
    }
    return segment("MSH", fields)


def _request_segments(report: Report, made: datetime, status: str) -> list[str]:
    """ORC and OBR (chapters 4.5.1, 7.4.1), and a note of what did not fit."""
    request, notes = report.request or Request(), Notes()
    placer = escaped(request.placer_number or "")
    filler = _filler(report, request)
    accession = accession_of(report)
    provider = components(*request.provider) if request.provider else ""
    signer = report.signature.by if report.signature and report.status in SIGNED else ""
    fields = {
        1: "1",
        2: placer,
        3: filler,
        4: _examination(report, request, notes),
        7: day(report.study.study_date),
        16: notes.name("OBR-16", provider, " ".join(request.provider or ())),
        18: notes.identifier("OBR-18", escaped(accession), accession),
        22: moment(made),
        24: RADIOLOGY,
        25: status,
        31: notes.words("OBR-31", request.reason, before="^") if request.reason else "",
        32: notes.identifier("OBR-32", escaped(signer), signer),
    }
    return [segment("ORC", {1: "RE", 2: placer, 3: filler}), segment("OBR", fields), *notes.segments()]


def accession_of(report: Report) -> str:
    """The accession number, from the order that was matched, from the order's context, or from the images."""
    told = report.request.accession_number if report.request else None
    return told or report.order.accession_number or report.study.accession_number or ""


def _filler(report: Report, request: Request) -> str:
    """OBR-3 as the order has it; the accession number is usually the same; else the study's name here."""
    told = request.filler_number or accession_of(report)
    return escaped(told) if told else components(report.study.ref, OWN_NUMBERS)


def _examination(report: Report, request: Request, notes: Notes) -> str:
    """The examination (OBR-4): as it was ordered, else as the images describe it."""
    procedure = request.procedure
    if procedure is not None and procedure.code:
        system = f"^{escaped(procedure.system)}" if procedure.system else ""
        return notes.words("OBR-4", procedure.text, before=f"{escaped(procedure.code)}^", after=system)
    described = f"{' '.join(report.study.modalities)} imaging study".strip()
    told = (procedure and procedure.text) or report.study.description or described
    return notes.words("OBR-4", told, before="^")


def _observations(report: Report, text: str, pdf: bytes | None) -> Iterator[Observation]:
    if report.study.study_uid:
        yield Observation(kind="ST", what=STUDY, value=escaped(report.study.study_uid))
    for number, value in enumerate(formatted(narrative(report, text)), 1):
        yield Observation(kind="FT", what=NARRATIVE, sub_id=str(number), value=value)
    if report.status is not ReportStatus.REJECTED or report.supersedes is not None:
        yield urgency(report)
    yield from findings(report)
    if pdf is not None:
        content = base64.b64encode(pdf).decode("ascii")
        value = components(OWN_NUMBERS, "application", "pdf", "Base64", content)
        yield Observation(kind="ED", what=DOCUMENT, sub_id="1", value=value)


def _observation_segments(
    report: Report, observations: Iterable[Observation], made: datetime, status: str
) -> Iterator[str]:
    """OBX (chapter 7.4.2), in the order they come."""
    notes = Notes()
    by = report.signature.by if report.signature else ""
    software = report.provenance.software
    shared = {
        14: moment(made),
        16: notes.identifier("OBX-16", escaped(by), by),
        18: notes.words("OBX-18", software),
    }
    for number, one in enumerate(observations, 1):
        own = {
            1: str(number),
            2: one.kind,
            3: coded(one.what.value, one.what.meaning, one.what.scheme),
            4: one.sub_id,
            5: one.value,
            6: one.units,
            8: one.flag,
            9: one.probability,
            11: DELETED if one.deleted else status,
            17: one.method,
        }
        yield segment("OBX", shared | own)
    yield from notes.segments()
