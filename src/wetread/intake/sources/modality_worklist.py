"""A modality worklist as a source of orders: C-FIND of the procedure steps from yesterday to tomorrow (PS3.4 K)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pynetdicom import build_context

from wetread.dicom import items, text
from wetread.dicom.values import texts
from wetread.domain.order import Order, OrderPriority, Procedure, Request
from wetread.domain.ordered import Control, Ordered
from wetread.domain.study import Patient
from wetread.domain.view import Failure
from wetread.intake.sources.look import Count, Fetched, Surroundings, short
from wetread.intake.sources.node_link import Link

WORKLIST = "1.2.840.10008.5.1.4.31"  # Modality Worklist Information Model - FIND (PS3.4 K.4.1)
DAYS = timedelta(days=1)
LONGEST_ID = 128
LONGEST_UID = 64
WANTED = (  # return keys of PS3.4 table K.6-1, each at its level
    "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "MedicalAlerts", "AdditionalPatientHistory", "StudyInstanceUID", "RequestingPhysician",
    "RequestedProcedureDescription", "RequestedProcedureID", "ReasonForTheRequestedProcedure",
    "RequestedProcedurePriority", "RequestedProcedureComments", "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest", "ReasonForTheImagingServiceRequest", "CurrentPatientLocation",
)  # fmt: skip
STEP = ("ScheduledProcedureStepStartTime", "ScheduledProcedureStepDescription", "ScheduledProcedureStepStatus")
CODED = ("RequestedProcedureCodeSequence", "ReasonForRequestedProcedureCodeSequence")
CODE = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
# Requested Procedure Priority (0040,1003), PS3.3 C.4.11
PRIORITIES = {
    "STAT": OrderPriority.STAT,
    "HIGH": OrderPriority.URGENT,
    "ROUTINE": OrderPriority.ROUTINE,
    "MEDIUM": OrderPriority.ROUTINE,
    "LOW": OrderPriority.ROUTINE,
}
CALLED_OFF = frozenset(("CANCELED", "DISCONTINUED"))


class ModalityWorklist:
    """The orders that a worklist node has planned for these days. Asking again changes nothing of what is known."""

    def __init__(self, name: str, link: Link, *, modalities: Sequence[str] = ()) -> None:
        self.name = name
        self._link, self._modalities = link, tuple(modalities)

    def check(self) -> None:
        """Raises: SourceUnavailable where the node does not answer a C-ECHO."""
        self._link.echo()

    def look(self, around: Surroundings) -> Fetched:
        """Keep every order that it lists; one that can't be used is a failure of its own.

        Raises: SourceUnavailable, StoreUnavailable.
        """
        count = Count()
        for entry in self._entries(around.now()):
            if around.stopping():
                break
            try:
                ordered = ordered_of(entry, f"modality_worklist:{self.name}")
            except ValueError as problem:
                where = f"{self.name}: entry {short(text(entry, 'AccessionNumber') or '?')}"
                remedy = "correct the order where it is kept; it is asked for again"
                count.failures.append(Failure(file=where, problem=str(problem), remedy=remedy))
                continue
            around.keep_order(ordered)
            count.taken += 1
        return Fetched(what="orders", taken=count.taken, failures=tuple(count.failures))

    def _entries(self, now: datetime) -> list[Dataset]:
        with self._link.association([build_context(WORKLIST)]) as asking:
            if not asking.is_established:
                raise self._link.trouble("it offers no modality worklist to us")
            return [
                entry
                for modality in self._modalities or ("",)
                for entry in self._link.find(asking, question(modality, now), context=WORKLIST)
            ]


def question(modality: str, now: datetime) -> Dataset:
    """What is asked: steps of a modality (empty: of any) that begin from yesterday to tomorrow, in local days."""
    here = now.astimezone()
    asked = Dataset()
    asked.SpecificCharacterSet = "ISO_IR 192"  # nodes that convert answer in what they were asked in
    for word in WANTED:
        setattr(asked, word, "")
    for word in CODED:
        code = Dataset()
        for part in CODE:
            setattr(code, part, "")
        setattr(asked, word, Items([code]))
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = ""
    step.ScheduledProcedureStepStartDate = f"{here - DAYS:%Y%m%d}-{here + DAYS:%Y%m%d}"
    for word in STEP:
        setattr(step, word, "")
    asked.ScheduledProcedureStepSequence = Items([step])
    return asked


def ordered_of(entry: Dataset, source: str) -> Ordered:
    """An entry as an order.

    Raises: ValueError naming the attribute that can't be used, or that nothing identifies it.
    """
    step = next(iter(items(entry, "ScheduledProcedureStepSequence")), Dataset())
    accession, study_uid = _identifier(entry, "AccessionNumber"), _identifier(entry, "StudyInstanceUID", LONGEST_UID)
    placer = _identifier(entry, "PlacerOrderNumberImagingServiceRequest")
    filler = _identifier(entry, "FillerOrderNumberImagingServiceRequest")
    number = "/".join(filter(None, (placer or filler or accession or "", study_uid)))
    if not number:
        raise ValueError("it has no order number, accession number or Study Instance UID")
    reason = _reason(entry)
    history = tuple(filter(None, (_words(entry, word) for word in ("MedicalAlerts", "AdditionalPatientHistory"))))
    called_off = (text(step, "ScheduledProcedureStepStatus") or "").upper() in CALLED_OFF
    return Ordered(
        source=source[:LONGEST_ID],
        number=number,
        control=Control.CANCEL if called_off else Control.NEW,
        order=Order(
            priority=PRIORITIES.get((text(entry, "RequestedProcedurePriority") or "").upper()),
            accession_number=accession,
            clinical_question=reason,
            history=history,
        ),
        request=Request(
            accession_number=accession,
            placer_number=placer,
            filler_number=filler,
            procedure_id=_identifier(entry, "RequestedProcedureID"),
            procedure=_procedure(entry),
            reason=reason,
            provider=_person(_words(entry, "RequestingPhysician") or _words(entry, "ReferringPhysicianName")),
        ),
        patient=_patient(entry),
        study_uid=study_uid,
        modality=(text(step, "Modality") or "")[:16] or None,
        scheduled_at=_scheduled(step),
    )


def _words(entry: Dataset, keyword: str) -> str | None:
    """A text; None where it holds letters of a character set that the entry does not name: they would be wrong ones."""
    value = text(entry, keyword)
    if value is None or not value.strip("^= "):  # a name of empty parts is none
        return None
    return value if value.isascii() or texts(entry, "SpecificCharacterSet") else None


def _patient(entry: Dataset) -> Patient:
    sex = (text(entry, "PatientSex") or "").upper()
    birth = text(entry, "PatientBirthDate") or ""
    try:
        born = datetime.strptime(birth, "%Y%m%d").replace(tzinfo=UTC).date().isoformat() if birth else None
    except ValueError:
        born = None
    return Patient(
        patient_id=_identifier(entry, "PatientID"),
        name=_words(entry, "PatientName"),
        birth_date=born,
        sex=sex if sex in {"M", "F", "O"} else None,
    )


def _reason(entry: Dataset) -> str | None:
    coded = (text(item, "CodeMeaning") for item in items(entry, "ReasonForRequestedProcedureCodeSequence"))
    plain = ("ReasonForTheRequestedProcedure", "ReasonForTheImagingServiceRequest", "RequestedProcedureComments")
    return next(filter(None, (*(_words(entry, word) for word in plain), *coded)), None)


def _procedure(entry: Dataset) -> Procedure | None:
    code = next(iter(items(entry, "RequestedProcedureCodeSequence")), Dataset())
    words = _words(entry, "RequestedProcedureDescription") or text(code, "CodeMeaning") or text(code, "CodeValue")
    if words is None:
        return None
    return Procedure(text=words, code=text(code, "CodeValue"), system=text(code, "CodingSchemeDesignator"))


def _person(name: str | None) -> tuple[str, str, str] | None:
    family, _, rest = (name or "").split("=")[0].partition("^")
    return ("", family, rest.split("^")[0]) if name else None


def _scheduled(step: Dataset) -> datetime | None:
    """When the step begins, in this place's time (PS3.4 K.6: the local time of the worklist)."""
    day, time = text(step, "ScheduledProcedureStepStartDate"), text(step, "ScheduledProcedureStepStartTime")
    if day is None:
        return None
    digits = (time or "").split(".")[0].replace(":", "")[:6].ljust(6, "0")
    try:
        return datetime.strptime(day + digits, "%Y%m%d%H%M%S").astimezone().astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _identifier(entry: Dataset, keyword: str, longest: int = LONGEST_ID) -> str | None:
    value = text(entry, keyword)
    if value is not None and len(value) > longest:
        raise ValueError(f"its {keyword} has {len(value)} characters; at most {longest} are kept")
    return value
