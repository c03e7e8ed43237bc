"""Objects become studies: who belongs together, in which order, and what contradicts itself."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from wetread.domain.study import Flag, Instance, InstanceKind, Patient, Series, Study
from wetread.intake.found import Found

DUPLICATE_UID = Flag(
    code="duplicate_sop_instance_uid",
    text="Different files carry the same SOP Instance UID; all were kept, their headers contradict each other.",
)
MOST_IDENTIFYING = 200
PATIENT_MISMATCH = Flag(
    code="patient_mismatch",
    text="Objects of this study name different patients; check whom the images belong to.",
)


def study_ref(identity: str) -> str:
    """A short name that tells nothing: `st-` and 12 hex digits of a hash."""
    return "st-" + hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def group(found: Iterable[Found]) -> tuple[Study, ...]:
    """Studies in the order of their first object."""
    distinct = _flag_shared_uids(_without_duplicates(found))
    studies: dict[str, list[Found]] = defaultdict(list)
    for one in distinct:
        identity = one.study_uid or f"file:{one.instance.sha256}"
        copies = 1
        while one.study_uid is None and identity in studies:  # a picture again: a study of its own all the same
            copies += 1
            identity = f"file:{one.instance.sha256}#{copies}"
        studies[identity].append(one)
    return tuple(_study(identity, members) for identity, members in studies.items())


def _flagged(one: Found, flag: Flag) -> Found:
    if flag in one.instance.flags:
        return one
    return replace(one, instance=replace(one.instance, flags=(*one.instance.flags, flag)))


def _without_duplicates(found: Iterable[Found]) -> list[Found]:
    """Identical DICOM objects count once, flagged with the other file's name; each picture stands for itself."""
    distinct: dict[tuple[str, str], Found] = {}
    for one in found:
        instance = one.instance
        key = (instance.sha256, instance.file if instance.kind is InstanceKind.PICTURE else "")
        if key in distinct:
            text = f"The same object was given again as {instance.file}; it counts once."
            one = _flagged(distinct[key], Flag(code="duplicate_file", text=text))
        distinct[key] = one
    return list(distinct.values())


def _flag_shared_uids(found: list[Found]) -> list[Found]:
    """Objects that claim one SOP Instance UID with different content are all kept and flagged."""
    owners: dict[str, int] = defaultdict(int)
    for one in found:
        if one.instance.sop_instance_uid:
            owners[one.instance.sop_instance_uid] += 1
    return [
        _flagged(one, DUPLICATE_UID) if owners.get(one.instance.sop_instance_uid or "", 0) > 1 else one for one in found
    ]


def _study(identity: str, members: list[Found]) -> Study:
    patient_ids = {one.patient.patient_id for one in members if one.patient.patient_id}
    flags = (PATIENT_MISMATCH,) * (len(patient_ids) > 1)
    flags += (DUPLICATE_UID,) * any(DUPLICATE_UID in one.instance.flags for one in members)
    series: dict[str, list[Found]] = defaultdict(list)
    for one in members:
        series[one.series_uid or ""].append(one)
    return Study(
        ref=study_ref(identity),
        study_uid=members[0].study_uid,
        patient=next((one.patient for one in members if one.patient != Patient()), Patient()),
        accession_number=_first(one.accession_number for one in members),
        study_date=_first(one.study_date for one in members),
        description=_first(one.study_description for one in members),
        series=tuple(sorted(map(_series, series.values()), key=_series_order)),
        flags=flags,
        identifying=tuple(dict.fromkeys(value for one in members for value in one.identifying))[:MOST_IDENTIFYING],
    )


def _series(members: list[Found]) -> Series:
    instances = tuple(sorted((one.instance for one in members), key=_instance_order))
    return Series(
        series_uid=members[0].series_uid,
        modality=_agreed(instance.modality for instance in instances),
        body_part=_agreed(instance.body_part for instance in instances),
        description=_first(one.series_description for one in members),
        number=next((one.series_number for one in members if one.series_number is not None), None),
        instances=instances,
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)


def _agreed(values: Iterable[str | None]) -> str | None:
    """The one value that all who know it agree on."""
    known = set(filter(None, values))
    return known.pop() if len(known) == 1 else None


def _series_order(series: Series) -> tuple[bool, int, str]:
    return series.number is None, series.number or 0, series.series_uid or ""


def _instance_order(instance: Instance) -> tuple[bool, float, bool, int, str]:
    """Position, then number, then file; whatever is unknown comes last."""
    position, number = instance.position_mm, instance.instance_number
    return position is None, position or 0.0, number is None, number or 0, instance.file
