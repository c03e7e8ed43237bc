"""Independent checkers accept the objects of real studies in all states (dciodvfy, PixelMed, dcmtk)."""

import os
import subprocess
from pathlib import Path

import pytest

from beside import shared_folder
from object_states import STATES, in_state
from reported import report_of, studies_of
from wetread.delivery.made import Kind
from wetread.delivery.objects.make import make_objects
from wetread.domain.report import Report
from wetread.reporting.as_pdf import as_pdf

FULL = os.environ.get("WETREAD_MEASURE") == "full"
CHECKS = Path(os.environ.get("WETREAD_CHECKS", Path(__file__).parents[4] / "checks-env"))
MOST_S = 900
# One study a file.
FEW = ("fo-dicom__CR-MONO1-10-chest.dcm", "fo-dicom__HasFragmentSequence.dcm")
MANY = (
    *FEW,
    "highdicom__dx_image.dcm",
    "dicom-test-files__RG1_JLSN.dcm",
    "pydicom__693_J2KI.dcm",
    "pydicom__J2K_pixelrep_mismatch.dcm",
    "dicomParser__CT0012.fragmented_no_bot_jpeg_ls.81.dcm",
    "dcm4che__MR-JPEGLosslessSV1.dcm",
    "dicom-test-files__MR1_JPLY.dcm",
    "dicom-test-files__MR2_JPLY.dcm",
    "pydicom-data__emri_small_jpeg_2k_lossless.dcm",
    "dicomParser__IM00001.implicit_little_endian.dcm",
    "pydicom-data__US1_J2KI.dcm",
    "pydicom__ExplVR_BigEnd.dcm",
    "fo-dicom__OutOfBoundsOverlay.dcm",
    "dicom-test-files__MG1_J2KI.dcm",
    "dicom-test-files__XA1_UNC.dcm",
    "dicom-test-files__NM1_UNC.dcm",
    "highdicom__sm_image.dcm",
    "dicom__2.dcm",
    "fo-dicom__GH184.dcm",
    "pydicom__SC_rgb_jpeg_gdcm.dcm",
    "fo-dicom__JPEGwithIcon.dcm",
    "fo-dicom__GH355.dcm",
)


# dcmpschk wants a name and a later birth date: these patients have no name, or were born in 1700.
NO_GSPS = ("pydicom-data__emri_small_jpeg_2k_lossless.dcm", "fo-dicom__GH184.dcm")


def render(report: Report, form: str) -> bytes:
    assert form == "pdf"
    return as_pdf(report)


@pytest.fixture
def checker() -> Path:
    script = shared_folder() / "checks" / "dicom"
    if not script.is_file() or not (CHECKS / "py" / "bin" / "dciodvfy").is_file():
        pytest.skip("the independent checkers are not installed: run shared/checks/setup, set WETREAD_CHECKS")
    return script


def accepted(script: Path, files: list[Path]) -> str:
    """What the checkers object to; nothing where they accept all."""
    environment = {**os.environ, "WETREAD_CHECKS": str(CHECKS)}
    done = subprocess.run(
        [script, *files], env=environment, capture_output=True, text=True, timeout=MOST_S, check=False
    )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAIL", "Error"))]
    assert done.returncode == 0 or failed, done.stderr
    return "\n".join(failed)


def written(folder: Path, file: Path, states: tuple[str, ...], kinds: tuple[Kind, ...]) -> list[Path]:
    (study,) = studies_of(file)
    report = report_of(study, pictures=True)
    found = []
    for state in states:
        for number, made in enumerate(make_objects(in_state(report, state), kinds, render)):
            found.append(folder / f"{state}-{number}-{made.kind.value}.dcm")
            found[-1].write_bytes(made.data)
    return found


def test_independent_checkers_accept_a_few_objects(shared, checker, tmp_path):
    first, second = (shared / "dicom" / name for name in FEW)
    files = [
        *written(tmp_path, first, ("preliminary",), (Kind.SC, Kind.GSPS, Kind.PDF)),
        *written(tmp_path, first, ("rejected",), (Kind.KO,)),
        *written(tmp_path, second, ("final",), (Kind.SC, Kind.GSPS)),
    ]
    assert len(files) == 6
    assert accepted(checker, files) == ""


@pytest.mark.skipif(not FULL, reason="24 studies in five states take many minutes: set WETREAD_MEASURE=full")
@pytest.mark.parametrize("name", MANY)
def test_independent_checkers_accept_every_object_of_every_state(shared, checker, tmp_path, name):
    kinds = (Kind.SC, *(() if name in NO_GSPS else (Kind.GSPS,)), Kind.PDF, Kind.KO)
    assert accepted(checker, written(tmp_path, shared / "dicom" / name, STATES, kinds)) == ""
