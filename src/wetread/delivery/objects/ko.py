"""Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010): the images that matter, or the objects that no longer count."""

from collections.abc import Collection, Iterator

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
)

from wetread.delivery.made import Kind, Made, instance_uid, series_uid
from wetread.delivery.objects import air, codes, content, headers, labels, sc
from wetread.delivery.objects.evidence import Known, hierarchy, known_images, reference, references
from wetread.delivery.objects.observer import device_observer
from wetread.delivery.objects.tracking import tracked
from wetread.delivery.originals import Originals, key_instances, told_findings
from wetread.domain.report import Report, ReportStatus, Superseded
from wetread.errors import InputError

TEMPLATE = "2010"
STANDARD = "1.2.840.10008."  # root of the SOP classes that the standard itself defines
CLASSES = {
    Kind.SC: sc.SOP_CLASS,
    Kind.GSPS: GrayscaleSoftcopyPresentationStateStorage,
    Kind.PDF: EncapsulatedPDFStorage,
    Kind.SR: Comprehensive3DSRStorage,
    Kind.KO: KeyObjectSelectionDocumentStorage,
}


def make_ko(
    report: Report, originals: Originals, given: Collection[Kind] = tuple(Kind), presentation_states: int = 1
) -> Made:
    """The key images, titled Of Interest; of a rejected report what it takes back, titled as rejected (IHE IOCM).

    `given` are the kinds of objects that the destination had of the superseded report, `presentation_states` how many
    of those (`make.presentation_states_of` tells).

    Raises: InputError where there is nothing that could be referred to.
    """
    made = headers.headers_of(
        report, originals, Kind.KO, sop_class_uid=KeyObjectSelectionDocumentStorage, modality="KO"
    )
    made.ContributingEquipmentSequence = air.contributing(report)
    made.ReferencedPerformedProcedureStepSequence = Sequence([])
    if report.status is ReportStatus.REJECTED:
        counts = {kind: presentation_states if kind is Kind.GSPS else 1 for kind in CLASSES if kind in given}
        _rejection(made, report, counts)
    else:
        _selection(made, report, originals)
    return headers.as_file(made, Kind.KO)


def _selection(made: Dataset, report: Report, originals: Originals) -> None:
    known = known_images(report, originals)
    wanted = [str(one.sop_instance_uid) for one in key_instances(report)]
    images = [known[uid] for uid in wanted if uid in known] or list(known.values())[:1]
    if not images:
        raise InputError(
            f"study {report.study.ref}", "none of its images can be referred to", "correct the objects' headers"
        )
    frames = _frames(report)
    items = (_key_image(one, frames.get(one.sop_uid, ())) for one in images)
    made.CurrentRequestedProcedureEvidenceSequence = references(str(made.StudyInstanceUID), images)
    _content(made, report, "of_interest", items)


def _frames(report: Report) -> dict[str, tuple[int, ...]]:
    """The frames with evidence, by image."""
    found: dict[str, set[int]] = {}
    for one in told_findings(report):
        for evidence in one.finding.evidence:
            found.setdefault(evidence.sop_instance_uid or "", set()).add(evidence.frame)
    return {uid: tuple(sorted(frames)) for uid, frames in found.items()}


def _key_image(one: Known, frames: tuple[int, ...]) -> Dataset:
    """An image, or frames of it. One of a vendor's own class is no image to others (PS3.16 TID 2010: COMPOSITE)."""
    referenced = reference(one)
    shown = [frame for frame in frames if frame <= one.instance.frames]
    if one.instance.frames > 1 and shown:
        referenced.ReferencedFrameNumber = shown
    made = content.image(content.CONTAINS, referenced)
    if not one.sop_class_uid.startswith(STANDARD):
        made.ValueType = "COMPOSITE"
    return made


def _rejection(made: Dataset, report: Report, counts: dict[Kind, int]) -> None:
    before = report.supersedes
    if before is None or not any(counts.values()):
        raise InputError(f"report {report.report_id}", "it takes nothing back that the destination was given")
    objects = {kind: _objects(before, kind, count) for kind, count in counts.items() if count}
    by_series = {series_uid(before.report_id, kind): list(found) for kind, found in objects.items()}
    made.CurrentRequestedProcedureEvidenceSequence = hierarchy(str(made.StudyInstanceUID), by_series)
    items = (_item(kind, one) for kind, found in objects.items() for one in found)
    _content(made, report, "rejected_for_quality", items)


def _objects(before: Superseded, kind: Kind, count: int) -> tuple[Dataset, ...]:
    found = []
    for number in range(count):
        made = Dataset()
        made.ReferencedSOPClassUID = CLASSES[kind]
        made.ReferencedSOPInstanceUID = instance_uid(before.report_id, kind, number)
        found.append(made)
    return tuple(found)


def _item(kind: Kind, referenced: Dataset) -> Dataset:
    made = content.image(content.CONTAINS, referenced)
    made.ValueType = "IMAGE" if kind is Kind.SC else "COMPOSITE"
    return made


def _content(made: Dataset, report: Report, title: str, items: Iterator[Dataset]) -> None:
    description = content.text(content.CONTAINS, codes.concept("key_object_description"), describe(report))
    children = (*device_observer(report), description, *items)
    made.update(content.root(codes.concept(title), children, template=TEMPLATE))


def describe(report: Report) -> str:
    """What the selection is, in a few lines: the banner, then what was found or why it was taken back."""
    signature = report.signature
    lines = [labels.headline(report), report.banner]
    if report.status is ReportStatus.REJECTED and signature is not None:
        return "\n".join((*lines, f"Reason: {signature.reason or 'none given'}"))
    urgency = report.urgency
    lines.append(f"{urgency.priority.value} {report.urgency_label}, {labels.within(urgency.target_min)}")
    findings = tracked(report)
    lines += [labels.label(report, one) for one in findings]
    return "\n".join(lines if findings else (*lines, report.impression))
