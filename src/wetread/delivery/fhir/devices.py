"""Who read: a Device for each reader that answered and one for this software, under the UIDs that the SR gives them."""

from dataclasses import replace

from wetread.delivery.fhir.parts import URI, Json, Place, built, once, one_line
from wetread.delivery.objects.air import MAKER_UNKNOWN, Algorithm, algorithm_of, readers_of, software_of
from wetread.domain.consensus import JoinedFinding
from wetread.domain.read import Read
from wetread.domain.report import Report


def device_entries(report: Report) -> list[Json]:
    """The software and its readers, each made only where the server has none of that version."""
    every = {one.uid: one for one in (software_of(report), *readers_of(report))}
    return [_entry(report, one) for one in every.values()]


def device_place(one: Algorithm) -> Place:
    """Where a device is found again. What changes its version, weights, settings or prompt makes it another one."""
    return Place(kind="Device", system=URI, value=f"urn:oid:{one.uid}")


def software_place(report: Report) -> Place:
    """Where this software is found again."""
    return device_place(software_of(report))


def device_of(report: Report, one: JoinedFinding) -> Place:
    """The reader whose finding it is, or the software where several were joined."""
    told = algorithm_of(report, replace(one, absent_by=()))
    return device_place(told or software_of(report))


def asserted_by_ai(report: Report, one: JoinedFinding) -> bool:
    """Whether a reader said it is or may be there: what a human alone told bears no mark of an AI.

    Where a report no longer tells its readers, all but the human who signed it count as such.
    """
    readers = {answer.reader.name for answer in report.answers if isinstance(answer, Read)}
    said = {*one.present_by, *one.uncertain_by, *(name for name, _ in one.told_as)}
    if readers:
        return bool(said & readers)
    human = report.signature.by if report.signature else None
    return not said or bool(said - {human})


def _entry(report: Report, one: Algorithm) -> Json:
    place, is_software = device_place(one), one.uid == software_of(report).uid
    told = report.provenance
    clinical = [
        _version("finding vocabulary", told.vocabulary_version),
        _version("urgency policy", told.policy_version),
    ]
    resource = built(
        identifier=[place.identifier],
        status="active",
        manufacturer=None if one.manufacturer == MAKER_UNKNOWN else one_line(one.manufacturer),
        deviceName=[{"name": one_line(one.name) or "unnamed", "type": "user-friendly-name"}],
        type={"text": one.description},
        version=[_version("software", one.version), *(clinical if is_software else [])],
        note=[{"text": text} for part in one.parameters if (text := one_line(part))],
    )
    return once(place, resource)


def _version(kind: str, value: str) -> Json:
    return {"type": {"text": kind}, "value": one_line(value) or "unknown"}
