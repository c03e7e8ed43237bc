"""What a search answers: rows of the archive as attributes in DICOM JSON (PS3.18 tables 10.6.3-3 to 10.6.3-5)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from wetread.server.dicomweb.keys import Query
from wetread.store.archive import Hit, Level, Row

TAG = re.compile(r"[0-9A-F]{8}")
Attributes = dict[str, dict[str, Any]]
# Tag: VR and the column that holds it; None: only the further header may hold it.
STUDY: dict[str, tuple[str, str | None]] = {
    "00080020": ("DA", "study_date"),
    "00080030": ("TM", None),
    "00080050": ("SH", "accession_number"),
    "00080061": ("CS", "modalities"),
    "00080090": ("PN", None),
    "00081030": ("LO", "description"),
    "00100010": ("PN", "patient_name"),
    "00100020": ("LO", "patient_id"),
    "00100030": ("DA", "patient_birth_date"),
    "00100040": ("CS", "patient_sex"),
    "0020000D": ("UI", "study_uid"),
    "00200010": ("SH", None),
    "00201206": ("IS", "series_count"),
    "00201208": ("IS", "instance_count"),
}
SERIES: dict[str, tuple[str, str | None]] = {
    "00080060": ("CS", "modality"),
    "0008103E": ("LO", "description"),
    "00180015": ("CS", "body_part"),
    "0020000E": ("UI", "series_uid"),
    "00200011": ("IS", "number"),
    "00201209": ("IS", "instance_count"),
    "00400244": ("DA", None),
    "00400245": ("TM", None),
}
INSTANCE: dict[str, tuple[str, str | None]] = {
    "00080016": ("UI", "sop_class_uid"),
    "00080018": ("UI", "sop_instance_uid"),
    "00083002": ("UI", "transfer_syntax_uid"),
    "00200013": ("IS", "number"),
    "00280008": ("IS", "frames"),
    "00280010": ("US", "rows"),
    "00280011": ("US", "columns"),
}
LEFT_OUT_EMPTY = {"00180015", "00400244", "00400245", "00280008", "00280010", "00280011", "00083002"}
ONLINE = {"vr": "CS", "Value": ["ONLINE"]}
UTF8 = {"vr": "CS", "Value": ["ISO_IR 192"]}


def told(hit: Hit, level: Level, query: Query, *, whole: bool, url: str) -> Attributes:
    """The attributes of one thing found. `whole`: those of what it is part of as well."""
    found: Attributes = {"00080005": UTF8, "00080056": ONLINE, "00081190": {"vr": "UR", "Value": [url]}}
    if level is Level.STUDIES or whole:
        found |= _of(hit.study, STUDY, query)
    else:
        found |= {"0020000D": _said("UI", hit.study["study_uid"])}
        found |= {
            tag: one for tag, one in _of(hit.study, STUDY, query).items() if tag in query.include | set(query.matched)
        }
    if hit.series is not None:
        found |= _of(hit.series, SERIES, query)
    if hit.instance is not None:
        found |= _of(hit.instance, INSTANCE, query)
    return dict(sorted(found.items()))


def _of(row: Row, known: Mapping[str, tuple[str, str | None]], query: Query) -> Attributes:
    header: Mapping[str, Any] = row.get("header") or {}
    found: Attributes = {}
    for tag, (vr, column) in known.items():
        said = _said(vr, row[column]) if column else header.get(tag, {"vr": vr})
        if "Value" in said or tag not in LEFT_OUT_EMPTY:
            found[tag] = said
    for tag, value in header.items():
        asked = query.include_all or tag in query.include or tag in query.matched
        if asked and tag not in found and TAG.fullmatch(tag) and isinstance(value, dict):
            found[tag] = value
    return found


def _said(vr: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's value
    if value is None or value == "":
        return {"vr": vr}
    return {"vr": vr, "Value": SAYING.get(vr, _plain)(value)}


def _plain(value: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(value, str) and value.startswith("\\") and value.endswith("\\"):
        return value.strip("\\").split("\\")
    return [value]


def _name(value: str) -> list[dict[str, str]]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), value.split("="), strict=False)
    return [{group: words for group, words in groups if words}]


def _date(value: str) -> list[str]:
    return [value.replace("-", "")]


SAYING: dict[str, Callable[[Any], list[Any]]] = {"PN": _name, "DA": _date}
