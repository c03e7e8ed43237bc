"""The headers of the objects that a report rests on: what goes to an archive carries patient and study from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from wetread.dicom import open_dataset
from wetread.domain.consensus import JoinedFinding
from wetread.domain.finding import Presence
from wetread.domain.report import Report
from wetread.domain.study import Instance, InstanceKind
from wetread.errors import InputError

SAID = (Presence.PRESENT, Presence.UNCERTAIN)
MOST_KEY_IMAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Originals:
    """`study` is the header of one object of the study, `images` those of its key images by SOP Instance UID.

    No pixel data. Key images are those with evidence of a finding that is or may be there, else the first image.
    """

    study: Dataset = field(repr=False)
    images: Mapping[str, Dataset] = field(repr=False)


def told_findings(report: Report) -> tuple[JoinedFinding, ...]:
    """The findings that the report says are or may be there, in its order."""
    joined = report.consensus.findings if report.consensus else ()
    return tuple(one for one in joined if one.finding.presence in SAID)


def key_instances(report: Report) -> tuple[Instance, ...]:
    """The images whose headers are needed: the first of the study and those with evidence, in the study's order."""
    images = [i for i in report.study.instances if i.kind is InstanceKind.DICOM_IMAGE and i.sop_instance_uid]
    shown = {e.sop_instance_uid for one in told_findings(report) for e in one.finding.evidence}
    with_evidence = [image for image in images if image.sop_instance_uid in shown]
    return tuple((with_evidence or images[:1])[:MOST_KEY_IMAGES])


def read_originals(report: Report) -> Originals:
    """The headers, read from where the study's instances lie.

    Raises: InputError where the study has no DICOM image or no study UID, FileUnreadable where a file is gone.
    """
    needed = key_instances(report)
    if not needed or not report.study.study_uid:
        raise InputError(
            f"study {report.study.ref}",
            "it has no DICOM image that a DICOM object could belong to",
            "choose another format, or wrap the picture into DICOM first",
        )
    headers = {str(i.sop_instance_uid): open_dataset(i.path, i.file, pixels=False).dataset for i in needed}
    return Originals(study=next(iter(headers.values())), images=headers)
