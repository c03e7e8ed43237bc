"""One DICOM object to a copy that names nobody, or the reason why it stays where it is."""

import warnings
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite, write_dataset, write_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from wetread import __version__
from wetread.dicom import PARSE_ERRORS, Opened, open_dataset, text
from wetread.privacy.deidentify.elements import ITEMS, Cleaner
from wetread.privacy.deidentify.known import Known, gather
from wetread.privacy.deidentify.options import Clean, Options, Retain, house_rules
from wetread.privacy.deidentify.outcome import Copied, Note, Stays
from wetread.privacy.deidentify.pseudonyms import Pseudonyms
from wetread.privacy.deidentify.text import Texts
from wetread.privacy.deidentify.values import code_item

IMPLEMENTATION = "2.25.180188705127337963234769839931745501147"  # this product's, wherever it names itself
PIXELS = frozenset(("PixelData", "FloatPixelData", "DoubleFloatPixelData"))
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
SHORTEST_IN_PIXELS = 8  # bytes
NOTED = (
    ("patient_id", "PatientID"),
    ("patient_name", "PatientName"),
    ("accession_number", "AccessionNumber"),
    ("study_uid", "StudyInstanceUID"),
    ("series_uid", "SeriesInstanceUID"),
    ("instance_uid", "SOPInstanceUID"),
)
DOCUMENT = "it holds a document of another format, whose content is not looked into"
DAMAGED = frozenset(("truncated_header", "truncated_pixels"))
LOST = "ask the sender for the file again"
LOOK = "look at its pixels: --clean pixels"


def deidentify_file(path: str, subject: str, secret: bytes, options: Options) -> Copied | Stays:
    """A copy of a DICOM file as bytes. Nothing is written, nothing of the file is changed.

    Raises: InputError where the file does not read.
    """
    opened = open_dataset(Path(path), subject, pixels=True)
    refusal = _refusal(opened, options)
    if refusal is not None:
        return refusal
    dataset: Dataset = opened.dataset
    originals = {keyword: text(dataset, keyword) for _, keyword in NOTED}
    known = gather(dataset, options.columns())
    covered, remarks = 0, tuple(flag.text for flag in opened.flags)
    if Clean.PIXELS in options.clean and any(keyword in dataset for keyword in PIXELS):
        looked = _look_at_pixels(dataset, subject)
        if isinstance(looked, Stays):
            return looked
        dataset, covered = looked
    pseudonyms = Pseudonyms(secret)
    cleaner = Cleaner(
        pseudonyms=pseudonyms,
        options=options,
        texts=Texts.of(known),
        sop_class_uid=text(dataset, "SOPClassUID") or "",
        patient=patient_of(dataset),
    )
    _uids_into(known, dataset, options)
    cleaner.clean(dataset, top=True)
    _mark(dataset, options)
    try:
        data = _written(dataset, _syntax(dataset, opened))
    except PARSE_ERRORS:
        return Stays(why="it has values that can't be written as its transfer syntax wants them", remedy=LOST)
    left = _left_behind(data, known, pixel_bytes=_pixel_bytes(dataset))
    if left is not None:
        return left
    return Copied(
        data=data,
        suffix=".dcm",
        notes=_notes(dataset, originals),
        removed=cleaner.removed,
        replaced=cleaner.replaced,
        covered=covered,
        remarks=remarks,
    )


def patient_of(dataset: Dataset) -> str:
    """What the shift and the name of a patient follow from: the ID, else name and birth date, else the study."""
    told = text(dataset, "PatientID")
    if told:
        return told
    name = "^".join(filter(None, (text(dataset, "PatientName"), text(dataset, "PatientBirthDate"))))
    return name or text(dataset, "StudyInstanceUID") or ""


def _refusal(opened: Opened, options: Options) -> Stays | None:
    """Why an object stays, None where nothing speaks against a copy."""
    dataset = opened.dataset
    codes = {flag.code for flag in opened.flags}
    sop_class = text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID") or ""
    kinds = house_rules()["stays"]
    if sop_class in kinds:
        return Stays(why=kinds[sop_class])
    if "EncapsulatedDocument" in dataset:
        return Stays(why=DOCUMENT, remedy="take names out of the document itself")
    if not all((text(dataset, "SOPClassUID"), text(dataset, "SOPInstanceUID"), patient_of(dataset))):
        return Stays(why="it does not say what kind of object it is, or which, or of whom", remedy=LOST)
    if codes & DAMAGED or any(tag.group == ITEMS for tag in dataset.keys()):  # noqa: SIM118 - tags, not elements
        return Stays(why="it ends early or is damaged, so that nobody can see all of it", remedy=LOST)
    if text(dataset, "RecognizableVisualFeatures") == "YES":
        return Stays(why="its pixels show a face or the like, and nothing here makes that unrecognisable")
    return _burned_in(dataset, options)


def _burned_in(dataset: Dataset, options: Options) -> Stays | None:
    """Pictures that say or are likely to have names in their pixels, where nobody is asked to look at them."""
    if Clean.PIXELS in options.clean or not any(keyword in dataset for keyword in PIXELS):
        return None
    told = (text(dataset, "BurnedInAnnotation") or "").upper()
    if told == "YES":
        return Stays(why="it says that text is burned into its pixels", remedy=LOOK)
    modality = text(dataset, "Modality") or ""
    if told != "NO" and modality in house_rules()["burned_in"]["modalities"]:
        return Stays(why=f"pictures of modality {modality} often have text burned in, and it does not say", remedy=LOOK)
    return None


def _look_at_pixels(dataset: Dataset, subject: str) -> tuple[Dataset, int] | Stays:
    """The object with text in its pixels covered."""
    from wetread.privacy.deidentify.pixels import clean_pixels

    cleaned = clean_pixels(dataset, subject=subject)
    if cleaned.uncertain:
        return Stays(why="; ".join(cleaned.why) or "text in its pixels can't be ruled out")
    return cleaned.dataset, cleaned.covered


def _uids_into(known: Known, dataset: Dataset, options: Options) -> None:
    """The instance's own UIDs, which stand in no copy that replaces them."""
    if Retain.UIDS not in options.retain:
        told = (text(dataset, word) for word in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"))
        known.uids.update(uid for uid in told if uid and not uid.startswith("1.2.840.10008."))


def _mark(dataset: Dataset, options: Options) -> None:
    """Say that identity was removed, and how (PS3.3 C.7.1.1, C.12.1)."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"wetread {__version__}; {house_rules()['edition']} E.1"[:64]
    dataset.DeidentificationMethodCodeSequence = [code_item(code, "DCM", meaning) for code, meaning in options.codes()]
    dataset.LongitudinalTemporalInformationModified = options.dates.value


def _syntax(dataset: Dataset, opened: Opened) -> str:
    """As it was; what is deflated is written plain, so that what stands in it can be checked."""
    meta = getattr(dataset, "file_meta", None)
    syntax = (text(meta, "TransferSyntaxUID") if meta is not None else None) or opened.transfer_syntax_uid
    return ExplicitVRLittleEndian if syntax == DeflatedExplicitVRLittleEndian else syntax


def _written(dataset: Dataset, transfer_syntax_uid: str) -> bytes:
    """The object as a file with a preamble of zeros and meta information of our own."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = f"WETREAD_{__version__}"[:16]
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
    file = DicomBytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if UID(transfer_syntax_uid).is_transfer_syntax:
            dcmwrite(file, dataset, enforce_file_format=True)
        else:  # newer than the dictionary, or private: all of these are explicit and little endian
            file.write(dataset.preamble + b"DICM")
            write_file_meta_info(file, meta, enforce_standard=True)
            file.is_little_endian, file.is_implicit_VR = True, False
            write_dataset(file, dataset, parent_encoding="iso8859")
    return file.getvalue()


def _pixel_bytes(dataset: Dataset) -> int:
    """How long the pixels are, at a file's end."""
    return sum(len(dataset.get_item(tag).value or b"") for tag in PIXEL_TAGS if tag in dataset)


def _left_behind(data: bytes, known: Known, *, pixel_bytes: int) -> Stays | None:
    """The last look: nothing that was known of anybody stands anywhere in the copy's bytes.

    Compressed pixels can hold comments; pixels are long, and a short number stands in them by chance.
    """
    header = data[: len(data) - pixel_bytes]
    for needle in set(known.needles()):
        if needle in (data if len(needle) >= SHORTEST_IN_PIXELS else header):
            return Stays(
                why="something that identifies the patient is left where no rule can take it out safely",
                remedy="if it is a comment in compressed pixels, --clean pixels writes them anew",
            )
    return None


def _notes(dataset: Dataset, originals: dict[str, str | None]) -> tuple[Note, ...]:
    found = []
    for kind, keyword in NOTED:
        original, pseudonym = originals[keyword], text(dataset, keyword)
        if original and pseudonym and original != pseudonym:
            found.append(Note(kind=kind, original=original, pseudonym=pseudonym))
    return tuple(found)
