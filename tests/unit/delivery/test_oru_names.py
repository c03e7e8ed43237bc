"""Names in every character set arrive as they are, whichever library takes the message apart."""

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from pydicom.data import get_charset_files

from oru_rules import parsed, problems, raw, unescaped
from reported import report_of, studies_of
from wetread.delivery.hl7 import as_oru
from wetread.domain.report import Report
from wetread.domain.study import Patient, Study
from wetread.settings import HL7Names
from wetread.testing import phantoms

CHARACTER_SETS = ("chrH31", "chrH32", "chrX1", "chrX2", "chrI2", "chrKoreanMulti", "chrJapMulti")
CHARACTER_SETS += ("chrGreek", "chrRuss", "chrArab", "chrHbrw", "chrGerm", "chrFren")
HARD = (
    "O|Neil\\Sons&Co^A~nna",
    "<b>^&amp;",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "Wang^XiaoDong=王^小东",
    "Hong^Gildong=洪^吉洞=홍^길동",
    "\\F\\^\\X0D\\",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A radiograph of each character set, with the name that pydicom's test file has in it."""
    folder = tmp_path_factory.mktemp("names")
    for number, name in enumerate(CHARACTER_SETS, 1):
        (file,) = get_charset_files(f"{name}.dcm")
        there = pydicom.dcmread(file)
        image = phantoms.radiograph(16, 16, name=name)
        image.StudyInstanceUID, image.SeriesInstanceUID = f"2.25.{number}", f"2.25.{number}.1"
        image.SpecificCharacterSet = there.SpecificCharacterSet
        image.PatientName = there.PatientName
        phantoms.write(image, folder / f"{name}.dcm")
    return folder


@pytest.fixture(scope="module")
def studies(folder: Path) -> dict[str, Study]:
    return {study.instances[0].path.stem: study for study in studies_of(folder)}


@pytest.fixture(scope="module")
def report(studies: dict[str, Study]) -> Report:
    return report_of(studies["chrH31"])


def named(report: Report, study: Study) -> bytes:
    return as_oru(replace(report, study=study), names=HL7Names(), text="in words")


def parts_of(name: str) -> list[list[str]]:
    groups = [group for group in name.split("=") if group.strip("^ ")]
    return [[part.strip() for part in [*group.split("^"), ""][:2]] for group in groups]


@pytest.mark.parametrize("name", CHARACTER_SETS)
def test_a_name_of_a_character_set_arrives_in_unicode(
    name: str, folder: Path, studies: dict[str, Study], report: Report
) -> None:
    expected = str(pydicom.dcmread(folder / f"{name}.dcm").PatientName)
    message = named(report, studies[name])
    made = parsed(message)
    told = [
        [unescaped(made, part) for part in [*one.split("^"), ""][:2]] for one in raw(made.segment("PID"), 5).split("~")
    ]
    assert told == parts_of(expected)


@pytest.mark.parametrize("name", HARD)
def test_both_libraries_take_a_hard_name_apart_alike(name: str, report: Report) -> None:
    study = replace(report.study, patient=Patient(patient_id="a|b^c~d&e\\f", name=name))
    message = named(report, study)
    assert problems(message, replace(report, study=study)) == []
    made = parsed(message)
    tolerant = parse_message(message.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
    for field in (3, 5):
        repetitions = [one.to_er7() for one in getattr(tolerant.pid, f"pid_{field}")]
        assert "~".join(repetitions) == raw(made.segment("PID"), field)
    assert unescaped(made, tolerant.pid.pid_3.cx_1.to_er7()) == "a|b^c~d&e\\f"
    repetitions = [one.to_er7() for one in tolerant.pid.pid_5]
    told = [[unescaped(made, part) for part in [*one.split("^"), ""][:2]] for one in repetitions]
    assert told == parts_of(name)
