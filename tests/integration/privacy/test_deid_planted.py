"""Fourteen identifiers planted in real objects of every kind: no byte of them is left, and the copies still hold."""

import os
import re
import subprocess
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.guard import Inline
from wetread.privacy.deidentify.outcome import Copied
from wetread.wiring.deidentifying import Work, copy_all, options_of, tasks_of

FULL = os.environ.get("WETREAD_MEASURE") == "full"
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NAME, NATIVE = "Quixwhistle^Zebulon", "権藤^彦左衛門"
PLANTED = {
    "name": NAME,
    "patient id": "MRN-77420815X",
    "birth date": "19370413",
    "accession": "ACC5550199Q",
    "address": "17 Flintlock Crescent, Obermoosbach",
    "phone": "+49 6221 5558812",
    "referring": "Haverstraw^Ottilie",
    "operator": "Pendergrass^Knut",
    "institution": "Sankt-Quirinus-Spital Moorwinkel",
    "station": "QXCT7SCAN",
    "study id": "SID-90417723",
    "comment": "lives with Thistlewood at the farm",
    "private": "PRIVATE-SECRET-8812",
    "nested": "NESTED-66120934",
    "file": "zebulon_quixwhistle_1937",
}
FILES = (
    "AIHCND_C2_Starter__test1.dcm",
    "dcm4che__YBR_FULL-RLE.dcm",
    "dcm4che__jpeg-ls-Palette.dcm",
    "dcmjs__sample-dicom.dcm",
    "dcmjs__sample-op.dcm",
    "derived__html_in_name.dcm",
    "derived__hl7_delims_in_name.dcm",
    "dicom-test-files__MG1_J2KI.dcm",
    "dicom-test-files__MR1_JPLY.dcm",
    "dicom-test-files__NM1_UNC.dcm",
    "dicom-test-files__RG1_JLSN.dcm",
    "dicom-test-files__SC1_JPLY.dcm",
    "dicom-test-files__VL3_J2KR.dcm",
    "dicom-test-files__XA1_UNC.dcm",
    "dicom-test-files__label.seg.dcm",
    "dicom-test-files__rwvm.dcm",
    "dicomParser__IM00001.implicit_little_endian.dcm",
    "dicomParser__report_dfl.dcm",
    "dicomParser__wave_dfl.dcm",
    "fo-dicom__CR-MONO1-10-chest.dcm",
    "fo-dicom__chrGB2312.dcm",
    "fo-dicom__multiframe.dcm",
    "highdicom__dx_image.dcm",
    "highdicom__seg_image_ct_binary_single_frame.dcm",
    "highdicom__sm_annotations.dcm",
    "highdicom__sr_document.dcm",
    "pydicom-data__parametric_map_float.dcm",
    "pydicom__ExplVR_BigEnd.dcm",
    "pydicom__MR_small_bigendian.dcm",
    "pydicom__chrArab.dcm",
    "pydicom__chrH31.dcm",
    "pydicom__chrKoreanMulti.dcm",
    "pydicom__chrRuss.dcm",
    "pydicom__chrX2.dcm",
    "pydicom__examples_overlay.dcm",
    "pydicom__rtdose_1frame.dcm",
    "pydicom__rtstruct.dcm",
    "pydicom__test-SR.dcm",
    "pydicom__waveform_ecg.dcm",
    "pynetdicom__RTImageStorage.dcm",
)
SAMPLES = ("sr", "ko", "gsps", "sc")
ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso2022_jp", "shift_jis", "gb18030", "euc_kr")
NEW_ERRORS = re.compile(r"(?: = <.*| is .*|<[^>]*>$|'[^']*')")


def _report_text(item: Dataset) -> None:
    """Names in the text, names of persons and dates of a content tree."""
    for below in item.get("ContentSequence", ()):
        if "TextValue" in below:
            below.TextValue = f"{PLANTED['comment']}; {NAME.replace('^', ', ')}; {PLANTED['patient id']}"
        if "PersonName" in below:
            below.PersonName = NAME
        _report_text(below)


def _plant(source: Path, target: Path) -> None:
    """A copy of an object that says who it is of in many places."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held = pydicom.dcmread(source, force=True)
        native = "ISO 2022 IR 87" in str(held.get("SpecificCharacterSet", ""))
        held.PatientName = f"{NAME}={NATIVE}" if native else NAME
        held.PatientID, held.PatientBirthDate = PLANTED["patient id"], PLANTED["birth date"]
        held.AccessionNumber, held.StudyID = PLANTED["accession"], PLANTED["study id"]
        held.PatientAddress, held.PatientTelephoneNumbers = PLANTED["address"], PLANTED["phone"]
        held.ReferringPhysicianName, held.OperatorsName = PLANTED["referring"], PLANTED["operator"]
        held.InstitutionName, held.StationName = PLANTED["institution"], PLANTED["station"]
        held.PatientComments = f"{PLANTED['comment']}; born 13.04.1937"
        held.SeriesDescription = f"chest of {PLANTED['patient id']}"
        held.ContentDescription = f"made for {NAME.replace('^', ' ')}"  # the table does not name it
        held.BurnedInAnnotation = "NO"
        block = held.private_block(0x0099, "SECRETS", create=True)
        block.add_new(0x01, "LO", PLANTED["private"])
        block.add_new(0x02, "SQ", [_nested()])
        held.OtherPatientIDsSequence = [_nested()]
        held.RequestAttributesSequence = [_nested(RequestedProcedureID=PLANTED["nested"])]
        held.AnatomicRegionSequence = [_region()]
        _report_text(held)
        held.preamble = PLANTED["file"].encode().ljust(128, b"\0")
        held.file_meta.SourceApplicationEntityTitle = PLANTED["station"]
        held.file_meta.PrivateInformationCreatorUID = "1.2.3.4"
        held.file_meta.PrivateInformation = PLANTED["patient id"].encode() + b"\0"
        held.save_as(target, enforce_file_format=False)


def _nested(**more: str) -> Dataset:
    item = Dataset()
    item.PatientID, item.PatientName = PLANTED["nested"], NAME
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def _region() -> Dataset:
    """A coded entry that stays, with a name where a meaning should be."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "51185008", "SCT", f"Chest {PLANTED['patient id']}"
    return item


def _needles() -> Iterator[bytes]:
    told = {*PLANTED.values(), NATIVE, "13.04.1937", *re.split(r"\W", NAME), *re.split(r"\W", NATIVE), "Thistlewood"}
    for value in told:
        for variant in (value, value.replace("^", " "), value.upper(), value.lower()):
            for encoding in ENCODINGS:
                try:
                    yield variant.encode(encoding)
                except UnicodeEncodeError:
                    continue


@pytest.fixture(scope="module")
def planted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "Quixwhistle family"
    folder.mkdir()
    sources = [shared / "dicom" / name for name in FILES]
    samples = shared.parent / "checks" / "samples"
    sources += [path for kind in SAMPLES for path in sorted(samples.glob(f"*{kind}*.dcm"))[:1]]
    for number, source in enumerate(sources):
        _plant(source, folder / f"{PLANTED['file']}_{number:02d}_{source.stem[:12]}.dcm")
    return folder


def _copies(source: Path, out: Path, key: bytes = KEY, clean: tuple[str, ...] = ()) -> dict[Path, Path]:
    """The copy of each file; every one must be copied."""
    tasks, failures = tasks_of([source], out, key)
    rows = list(copy_all(tasks, Work(secret=key, options=options_of((), clean), out=out), Inline()))
    assert not failures
    assert {str(row.result) for row in rows if not isinstance(row.result, Copied)} == set()
    return {row.task.source: out / row.out for row in rows if row.out}


@pytest.fixture(scope="module")
def copies(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    return _copies(planted, tmp_path_factory.mktemp("copies"))


def test_no_byte_of_the_planted_identifiers_is_left(copies: dict[Path, Path]) -> None:
    assert len(copies) >= 30
    needles = set(_needles())
    for source, copy in copies.items():
        before, after = source.read_bytes(), copy.read_bytes()
        assert PLANTED["patient id"].encode() in before or "dfl" in source.name
        assert [needle for needle in needles if needle in after] == [], source.name
        assert not any(word in str(copy).lower() for word in ("zebulon", "quixwhistle", "1937"))


CLEANED = [("structured", "descriptors", "graphics"), *([("structured",), ("descriptors",)] if FULL else [])]


@pytest.mark.parametrize("clean", CLEANED)
def test_nothing_is_left_where_text_is_cleaned_instead_of_removed(
    planted: Path, tmp_path: Path, clean: tuple[str, ...]
) -> None:
    needles = set(_needles())
    for source, copy in _copies(planted, tmp_path / "out", clean=clean).items():
        after = copy.read_bytes()
        assert [needle for needle in needles if needle in after] == [], source.name


def test_the_originals_are_not_changed_and_two_runs_give_the_same_bytes(
    planted: Path, copies: dict[Path, Path], tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in copies}
    again = _copies(planted, tmp_path / "out")
    assert {path: path.read_bytes() for path in copies} == before
    assert [path.read_bytes() for path in again.values()] == [path.read_bytes() for path in copies.values()]
    assert [path.name for path in again.values()] == [path.name for path in copies.values()]


def test_one_patient_has_one_pseudonym_everywhere_and_another_under_another_key(
    planted: Path, copies: dict[Path, Path], tmp_path: Path
) -> None:
    ids = {str(pydicom.dcmread(copy).PatientID) for copy in copies.values()}
    others = _copies(planted, tmp_path / "out", OTHER_KEY)
    other_ids = {str(pydicom.dcmread(copy).PatientID) for copy in others.values()}
    assert len(ids) == len(other_ids) == 1
    assert ids != other_ids
    assert not {path.name for path in others.values()} & {path.name for path in copies.values()}


def _uids(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.keyword in ("ReferencedSOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            yield str(element.value)


def test_references_between_the_copies_hold(shared: Path, tmp_path: Path) -> None:
    """A report, a key object, images and a segmentation that name one another, at every depth."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = ("pydicom__examples_overlay.dcm", "highdicom__seg_image_ct_binary_single_frame.dcm",
             "dicom-test-files__MR1_JPLY.dcm", "highdicom__sr_document.dcm", "pydicom__rtstruct.dcm")  # fmt: skip
    held = {name: pydicom.dcmread(shared / "dicom" / name, force=True) for name in names}
    instances = [str(one.SOPInstanceUID) for one in held.values()]
    for place, (name, one) in enumerate(held.items()):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", instances[place - 1]
        one.ReferencedImageSequence = Sequence([item])
        for element in one.iterall():
            if element.keyword == "ReferencedSOPInstanceUID":
                element.value = instances[place - 1]
        one.save_as(folder / name, enforce_file_format=True)
    copied = _copies(folder, tmp_path / "out")
    copies = [pydicom.dcmread(path) for path in copied.values()]
    inside = {str(one.SOPInstanceUID) for one in copies}
    assert len(inside) == len(names)
    for source, copy in zip(copied, copies, strict=True):
        before, after = list(_uids(pydicom.dcmread(source))), list(_uids(copy))
        assert sum(uid in instances for uid in before) == sum(uid in inside for uid in after) > 1
        assert not set(before) & set(after)
        assert all(uid.startswith("2.25.") for uid in after)


def _checker() -> Path:
    environment = os.environ.get("WETREAD_CHECKS")
    program = Path(environment or "/nonexistent") / "py" / "bin" / "dciodvfy"
    if not program.exists():
        pytest.skip("dciodvfy is not here ($WETREAD_CHECKS)")
    return program


def _errors(program: Path, path: Path) -> set[str]:
    told = subprocess.run(
        [program, "-new", path], capture_output=True, text=True, errors="replace", timeout=60, check=False
    )
    return {NEW_ERRORS.sub("", line) for line in (told.stderr + told.stdout).splitlines() if line.startswith("Error")}


def _plain(source: Path, folder: Path) -> Path:
    """The file itself, or a copy that is not deflated: the checker does not inflate."""
    if "dfl" not in source.name:
        return source
    held = pydicom.dcmread(source)
    held.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    held.save_as(folder / source.name, enforce_file_format=False)
    return folder / source.name


def test_the_copies_have_no_new_dciodvfy_errors(copies: dict[Path, Path], tmp_path: Path) -> None:
    program = _checker()
    small = sorted(copies.items(), key=lambda pair: pair[0].stat().st_size)[: 40 if FULL else 12]

    def new(pair: tuple[Path, Path]) -> set[str]:
        return _errors(program, pair[1]) - _errors(program, _plain(pair[0], tmp_path))

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip((source.name for source, _ in small), pool.map(new, small), strict=True))
    assert {name: errors for name, errors in found.items() if errors} == {}
    assert len(small) >= 12


def test_the_checker_would_see_a_type_2_element_that_is_deleted(copies: dict[Path, Path], tmp_path: Path) -> None:
    program = _checker()
    copy = next(path for source, path in copies.items() if "pydicom__exa" in source.name)
    held = pydicom.dcmread(copy)
    del held.StudyDate
    held.save_as(tmp_path / "broken.dcm")
    assert _errors(program, tmp_path / "broken.dcm") - _errors(program, copy)
