"""Who took part, as IHE AI Results asks: one item of Contributing Equipment an algorithm, the same words in the SR."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.delivery.made import uid_of
from wetread.delivery.objects import codes, headers
from wetread.delivery.objects.clean import printable
from wetread.domain.consensus import JoinedFinding
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.report import Report

LONGEST = 64  # of LO
MAKER_UNKNOWN = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """What looked at the pictures, or joined what others saw, as equipment and as an algorithm."""

    manufacturer: str
    name: str
    version: str
    uid: str
    parameters: tuple[str, ...] = ()
    description: str


def readers_of(report: Report) -> tuple[Algorithm, ...]:
    """The readers that answered, each once."""
    return tuple(dict.fromkeys(_reader(answer) for answer in report.answers if isinstance(answer, Read)))


def software_of(report: Report) -> Algorithm:
    """Our own software, which joins the answers and wrote the object."""
    return Algorithm(
        manufacturer=headers.MANUFACTURER,
        name=headers.PRODUCT,
        version=printable(report.provenance.software, LONGEST),
        uid=headers.device_uid(report),
        description="Application that asked the readers and joined their answers",
    )


def algorithm_of(report: Report, joined: JoinedFinding) -> Algorithm | None:
    """Whose finding it is: the only reader's, or this software's where several were joined.

    None where only a human told it.
    """
    readers = {answer.reader.name: answer for answer in report.answers if isinstance(answer, Read)}
    spoke = [name for name in (*joined.present_by, *joined.uncertain_by, *joined.absent_by) if name in readers]
    if not spoke:
        return None
    if len(readers) == 1:
        return _reader(readers[spoke[0]])
    software = software_of(report)
    told = tuple(
        f"{word}: {reader_name(readers[n].reader)}" for word, names in _votes(joined) for n in names if n in readers
    )
    return Algorithm(
        manufacturer=software.manufacturer,
        name=software.name,
        version=software.version,
        uid=software.uid,
        parameters=told,
        description=software.description,
    )


def contributing(report: Report) -> Sequence:
    """The Contributing Equipment Sequence (0018,A001): this software and every reader that answered."""
    return Sequence([_equipment(one, report) for one in (software_of(report), *readers_of(report))])


def reader_name(reader: ReaderIdentity) -> str:
    """What a reader is called wherever it stands in an object: its own name and the vendor's."""
    whole = f"{reader.name} ({reader.model_id})" if reader.model_id and reader.model_id != reader.name else reader.name
    return printable(whole, LONGEST) or "unnamed"


def _reader(read: Read) -> Algorithm:
    """Its device is another one where its weights, its settings, its prompt or the vendor's own version changed."""
    reader, trace = read.reader, read.trace
    asked = (trace.prompt_sha256 or "", trace.answered_by or "") if trace else ("", "")
    return Algorithm(
        manufacturer=_maker(reader),
        name=reader_name(reader),
        version=printable(reader.version, LONGEST) or "unknown",
        uid=uid_of("reader", reader.name, reader.version, reader.fingerprint, reader.model_id or "", *asked),
        parameters=(f"fingerprint: {reader.fingerprint}",),
        description="Reader that proposed findings",
    )


def _maker(reader: ReaderIdentity) -> str:
    """The vendor where its name says so (`vendor/name`)."""
    maker, divided, _ = (reader.model_id or "").partition("/")
    return (printable(maker, LONGEST) if divided else "") or MAKER_UNKNOWN


def _votes(joined: JoinedFinding) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "present", joined.present_by
    yield "uncertain", joined.uncertain_by
    yield "absent", joined.absent_by


def _equipment(one: Algorithm, report: Report) -> Dataset:
    made = Dataset()
    made.PurposeOfReferenceCodeSequence = codes.items(codes.concept("processing_equipment"))
    made.Manufacturer = one.manufacturer
    made.ManufacturerModelName = one.name
    made.SoftwareVersions = one.version
    made.DeviceUID = one.uid
    made.ContributionDateTime = headers.date_time(headers.made_at(report))
    made.ContributionDescription = one.description
    return made
