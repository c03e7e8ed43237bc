"""What a structured report must say, read back from its bytes by the content tree and held against the report."""

import io
from collections.abc import Iterator

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts

from wetread.delivery.made import Kind, instance_uid, series_uid, uid_of
from wetread.domain.finding import Presence
from wetread.domain.read import Read
from wetread.domain.report import Report, ReportStatus

COMPREHENSIVE_3D = "1.2.840.10008.5.1.4.1.1.88.34"
SIDES = {"left": "7771000", "right": "24028007", "bilateral": "51440002", "midline": "261129000"}
ACTIONABLE = {1: "RID49480", 2: "RID49481", 3: "RID49482"}
PURPOSES = {"preliminary": "121362", "final": "121360", "amended": "121360", "rejected": "121360"}
# PS3.16 gives these, pydicom's dictionary does not hold them or holds SNOMED's full name
ALSO = {
    ("RFC5646", "en"): "English",
    ("UMLS", "C0034375"): "Qualitative Evaluations",
    ("SCT", "276214006"): "Finding category",
    ("SCT", "260753009"): "Source",
}


def problems(report: Report, data: bytes) -> list[str]:
    """What is wrong with a report's SR; nothing where all is well."""
    d = dcmread(io.BytesIO(data))
    return [
        *_headers(report, d),
        *_flags(report, d),
        *_references(report, d),
        *_predecessor(report, d),
        *_equipment(report, d),
        *_meanings(d),
        *_observers(report, d),
        *_words(report, d),
        *_findings(report, d),
    ]


def name_of(item: Dataset) -> str:
    return item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else ""


def code_in(sequence: list[Dataset]) -> str:
    return sequence[0].get("CodeValue") or sequence[0].get("LongCodeValue") or ""


def held(item: Dataset, name: str) -> list[Dataset]:
    """The children of that name."""
    return [child for child in item.get("ContentSequence", ()) if name_of(child) == name]


def groups(d: Dataset) -> list[Dataset]:
    return [group for part in held(d, "126010") for group in held(part, "125007")]


def texts(item: Dataset, name: str) -> list[str]:
    return [str(child.TextValue) for child in held(item, name)]


def told(report: Report):
    joined = report.consensus.findings if report.consensus else ()
    return [one for one in joined if one.finding.presence in (Presence.PRESENT, Presence.UNCERTAIN)]


def everything(d: Dataset) -> Iterator[Dataset]:
    for element in d:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from everything(item)


def _differ(facts: dict[str, tuple[object, object]]) -> Iterator[str]:
    yield from (f"{name}: {found!r} is not {wanted!r}" for name, (found, wanted) in facts.items() if found != wanted)


def _headers(report: Report, d: Dataset) -> Iterator[str]:
    unsigned = report.status is ReportStatus.PRELIMINARY
    yield from _differ(
        {
            "class": (d.SOPClassUID, COMPREHENSIVE_3D),
            "class in the meta": (d.file_meta.MediaStorageSOPClassUID, COMPREHENSIVE_3D),
            "transfer syntax": (d.file_meta.TransferSyntaxUID, "1.2.840.10008.1.2.1"),
            "modality": (d.Modality, "SR"),
            "instance": (d.SOPInstanceUID, instance_uid(report.report_id, Kind.SR)),
            "series": (d.SeriesInstanceUID, series_uid(report.report_id, Kind.SR)),
            "study": (d.StudyInstanceUID, report.study.study_uid),
            "patient": (str(d.PatientID), report.study.patient.patient_id or ""),
            "name": (str(d.PatientName).split("/")[0].rstrip("^"), (report.study.patient.name or "").rstrip("^")),
            "character set": (d.SpecificCharacterSet, "ISO_IR 192"),
            "title": (name_of(d), "126000"),
            "template": (d.ContentTemplateSequence[0].TemplateIdentifier, "1500"),
            "own scheme": (d.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator, "99WETREAD"),
            "series description": (d.SeriesDescription == "AI PRELIMINARY - NOT VERIFIED", unsigned),
        }
    )


def _flags(report: Report, d: Dataset) -> Iterator[str]:
    signed = report.signature is not None
    by = d.VerifyingObserverSequence[0].VerifyingObserverName if "VerifyingObserverSequence" in d else None
    yield from _differ(
        {
            "preliminary flag": (d.PreliminaryFlag, "FINAL" if signed else "PRELIMINARY"),
            "completion flag": (d.CompletionFlag, "COMPLETE"),
            "verification flag": (d.VerificationFlag, "VERIFIED" if signed else "UNVERIFIED"),
            "verified by": (str(by) if by else None, report.signature.by if report.signature else None),
        }
    )


def _references(report: Report, d: Dataset) -> Iterator[str]:
    cited = {}
    for study in d.CurrentRequestedProcedureEvidenceSequence:
        if study.StudyInstanceUID != report.study.study_uid:
            yield "evidence of another study"
        for series in study.ReferencedSeriesSequence:
            for one in series.ReferencedSOPSequence:
                cited[one.ReferencedSOPInstanceUID] = (series.SeriesInstanceUID, one.ReferencedSOPClassUID)
    owned = {i.sop_instance_uid: (s.series_uid, i.sop_class_uid) for s in report.study.series for i in s.instances}
    yield from (f"{uid} is cited as {facts}" for uid, facts in cited.items() if owned.get(uid) != facts)
    origins = {o.sop_instance_uid for v in report.views for o in (v.origin, *(c.origin for c in v.cells)) if o}
    yield from (f"{uid} was read and is not cited" for uid in origins - set(cited) if uid in owned)
    for item in everything(d):
        if item.get("ValueType") == "IMAGE":
            one = item.ReferencedSOPSequence[0]
            if cited.get(one.ReferencedSOPInstanceUID, ("", ""))[1] != one.ReferencedSOPClassUID:
                yield f"the image {one.ReferencedSOPInstanceUID} of a region is not in the evidence"
    request = report.request
    if request is not None:
        item = d.ReferencedRequestSequence[0]
        yield from _differ(
            {
                "accession": (item.AccessionNumber, request.accession_number or ""),
                "placer": (item.PlacerOrderNumberImagingServiceRequest, request.placer_number or ""),
                "filler": (item.FillerOrderNumberImagingServiceRequest, request.filler_number or ""),
            }
        )


def _predecessor(report: Report, d: Dataset) -> Iterator[str]:
    before = report.supersedes
    if before is None:
        if "PredecessorDocumentsSequence" in d:
            yield "a predecessor that is none"
        return
    study = d.PredecessorDocumentsSequence[0] if "PredecessorDocumentsSequence" in d else Dataset()
    series = study.ReferencedSeriesSequence[0] if "ReferencedSeriesSequence" in study else Dataset()
    one = series.ReferencedSOPSequence[0] if "ReferencedSOPSequence" in series else Dataset()
    purpose = one.get("PurposeOfReferenceCodeSequence")
    yield from _differ(
        {
            "predecessor's study": (study.get("StudyInstanceUID"), report.study.study_uid),
            "predecessor's series": (series.get("SeriesInstanceUID"), series_uid(before.report_id, Kind.SR)),
            "predecessor": (one.get("ReferencedSOPInstanceUID"), instance_uid(before.report_id, Kind.SR)),
            "purpose": (code_in(purpose) if purpose else "", PURPOSES[before.status.value]),
        }
    )


def _equipment(report: Report, d: Dataset) -> Iterator[str]:
    items = list(d.ContributingEquipmentSequence)
    readers = {a.reader for a in report.answers if isinstance(a, Read)}
    if len(items) != 1 + len(readers):
        yield f"{len(items)} items of equipment for {len(readers)} readers"
    if any(code_in(i.PurposeOfReferenceCodeSequence) != "109102" for i in items):
        yield "equipment is there for another purpose"
    if len({i.DeviceUID for i in items}) != len(items):
        yield "two items of equipment are one device"
    known = {(i.ManufacturerModelName, i.SoftwareVersions) for i in items}
    for group in groups(d):
        if texts(group, "111001") and (texts(group, "111001")[0], texts(group, "111003")[0]) not in known:
            yield "an algorithm is no item of equipment"
    devices = [item.UID for item in held(d, "121012")]
    if texts(d, "121015") != [items[0].ManufacturerModelName] or devices != [items[0].DeviceUID]:
        yield "the device observer is not the first item of equipment"


def _dictionary() -> dict[tuple[str, str], set[str]]:
    meanings: dict[tuple[str, str], set[str]] = {key: {meaning.lower()} for key, meaning in ALSO.items()}
    for scheme, names in concepts.items():
        for code, (meaning, _) in (pair for by_code in names.values() for pair in by_code.items()):
            if (scheme, code) not in ALSO:
                meanings.setdefault((scheme, code), set()).add(meaning.lower())
    return meanings


def _meanings(d: Dataset) -> Iterator[str]:
    """Codes and meanings that do not go together by pydicom's dictionary; a site's own examinations are not in it."""
    meanings = _dictionary()
    examinations = {code_in(item.ConceptCodeSequence) for item in held(d, "121058")}
    for item in everything(d):
        key = (item.get("CodingSchemeDesignator"), code_in([item]))
        if "CodeMeaning" not in item or key[0] == "99WETREAD" or key[1] in examinations:
            continue
        if item.CodeMeaning.lower() not in meanings.get(key, ()):
            yield f"{key} does not mean {item.CodeMeaning!r}"


def _observers(report: Report, d: Dataset) -> Iterator[str]:
    kinds = [code_in(item.ConceptCodeSequence) for item in held(d, "121005")]
    if kinds != ["121007"] + ["121006"] * (report.signature is not None):
        yield f"observers {kinds}"
    missing = [name for name in ("121012", "121013", "121014", "121015", "121016", "121058") if not held(d, name)]
    if missing:
        yield f"not told: {missing}"
    if report.signature and [str(i.PersonName) for i in held(d, "121008")] != [report.signature.by]:
        yield "the person who signed is not told"


def _words(report: Report, d: Dataset) -> Iterator[str]:
    said = [part for part in d.ContentSequence if name_of(part) == "C0034375"]
    impression = texts(said[0], "121073") if said else []
    if not impression or not impression[0].startswith(report.banner):
        yield "the impression does not start with the banner"
        return
    if report.impression and " ".join(report.impression.split()) not in " ".join(impression[0].split()):
        yield "the impression is not the report's"
    if (report.consensus is None and report.signature is None) != ("never means" in impression[0]):
        yield "it does not say whether anybody read"
    if report.status is ReportStatus.REJECTED and (report.signature.reason or "") not in impression[0]:
        yield "why it is withdrawn is not told"
    states = {code_in(item.ConceptCodeSequence) for item in held(said[0], "REVIEW")}
    wanted = {ReportStatus.PRELIMINARY: "UNREVIEWED", ReportStatus.REJECTED: "WITHDRAWN"}
    if states != {wanted.get(report.status, "REVIEWED")}:
        yield f"review state {states}"


def _findings(report: Report, d: Dataset) -> Iterator[str]:
    found, wanted = groups(d), told(report)
    if len(found) != len(wanted):
        yield f"{len(found)} groups for {len(wanted)} findings"
        return
    for group, one in zip(found, wanted, strict=True):
        yield from _finding(report, group, one)


def _finding(report: Report, group: Dataset, one) -> Iterator[str]:
    finding = one.finding
    term = report.terms[finding.code]
    exact = term.coding is not None and term.coding.match == "exact"
    side = finding.laterality.value if finding.laterality else ""
    name = f"{finding.code} {side}".strip()
    sites = held(group, "363698007")
    sides = [code_in(m.ConceptCodeSequence) for site in sites for m in held(site, "272741003")]
    share = held(group, "111012")
    number = [float(item.MeasuredValueSequence[0].NumericValue) for item in share]
    calibrated = finding.probability is not None and finding.calibrator_id and "/pooled/" not in finding.calibrator_id
    found = [code_in(item.ConceptCodeSequence) for item in held(group, "121071")]
    state = held(group, "PRESENCE")
    wanted_state = "52101004" if finding.presence is Presence.PRESENT else "UNCERTAIN"
    yield from _differ(
        {
            "finding": (found, [term.coding.code if exact else finding.code]),
            "tracking identifier": (texts(group, "112039"), [name]),
            "tracking uid": (held(group, "112040")[0].UID, uid_of("tracking", report.study.study_uid, name)),
            "side": (sides, [SIDES[side]] if side else []),
            "certainty": (number, [round(100 * finding.probability, 1)] if calibrated else []),
            "presence": ([code_in(item.ConceptCodeSequence) for item in state], [wanted_state]),
            "category": (
                [code_in(item.ConceptCodeSequence) for item in held(group, "ACTIONABLE")],
                [ACTIONABLE[term.acr_category]] if term.acr_category in ACTIONABLE else [],
            ),
            "review": (
                [code_in(item.ConceptCodeSequence) for item in held(group, "REVIEW")],
                ["REVIEWED" if report.signature else "UNREVIEWED"],
            ),
        }
    )
    yield from _regions(report, group, finding)


def _regions(report: Report, group: Dataset, finding) -> Iterator[str]:
    sizes = {i.sop_instance_uid: i for i in report.study.instances}
    boxes = [item for item in held(group, "111030") if item.GraphicType == "POLYLINE"]
    placed = [e for e in finding.evidence if e.sop_instance_uid in sizes]
    if len(boxes) != len(placed):
        yield f"{len(boxes)} boxes for {len(placed)} places"
        return
    for item, evidence in zip(boxes, placed, strict=True):
        image = sizes[evidence.sop_instance_uid]
        one = item.ContentSequence[0].ReferencedSOPSequence[0]
        if one.ReferencedSOPInstanceUID != evidence.sop_instance_uid:
            yield "a region is on another image"
        is_whole = "PixelOriginInterpretation" in item
        if image.frames > 1 and not is_whole and one.get("ReferencedFrameNumber") != evidence.frame:
            yield "a region is on another frame"
        x0, y0, x1, y1 = evidence.box
        wide, high = image.columns, image.rows
        corners = [x0 * wide, y0 * high, x1 * wide, y0 * high, x1 * wide, y1 * high, x0 * wide, y1 * high]
        points = list(item.GraphicData)
        if not is_whole and any(abs(a - b) > 0.01 for a, b in zip(points, corners, strict=False)):
            yield f"a region lies at {points}"
        if points[:2] != points[-2:]:
            yield "a region is not closed"
