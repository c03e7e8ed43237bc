"""Independent programs accept the structured reports of real studies of all kinds in every state, and no spoilt one."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread

from object_states import STATES, image, in_state, preliminary
from reported import report_of, studies_of
from sr_rules import groups, problems, told
from wetread.delivery.objects.sr import make_sr
from wetread.delivery.originals import read_originals

FULL = os.environ.get("WETREAD_MEASURE") == "full"
LONGEST_S = 3000 if FULL else 300
FEW = (
    "dicom-test-files__RG1_JLSN.dcm",
    "highdicom__dx_image.dcm",
    "highdicom__sm_image.dcm",
    "pydicom-data__emri_small_RLE.dcm",
    "pydicom__chrH31.dcm",
)
MORE = (
    "AIHCND_C2_Starter__test1.dcm",
    "dcm4che__MR-JPEGLosslessSV1.dcm",
    "dcm4che__YBR_FULL-RLE.dcm",
    "dcmjs__sample-op.dcm",
    "derived__hl7_delims_in_name.dcm",
    "dicom-test-files__MG1_J2KI.dcm",
    "dicom-test-files__MR1_JPLY.dcm",
    "dicom-test-files__NM1_RLE.dcm",
    "dicom-test-files__XA1_J2KI.dcm",
    "dicom-test-files__mf.dcm",
    "dicom__2.dcm",
    "dwv__gdcm-CR-MONO1-10-chest.dcm",
    "dwv__osirix-cerebrix.dcm",
    "fo-dicom__GH1376.dcm",
    "fo-dicom__JPEGwithIcon.dcm",
    "fo-dicom__OutOfBoundsOverlay.dcm",
    "pydicom-data__US1_J2KI.dcm",
    "pydicom__J2K_pixelrep_mismatch.dcm",
    "pydicom__chrX2.dcm",
    "pydicom__examples_overlay.dcm",
)


@pytest.fixture(scope="module")
def checker(shared) -> tuple[Path, dict[str, str]]:
    environment = Path(os.environ.get("WETREAD_CHECKS", shared.parents[1] / "checks-env"))
    program = shared.parent / "checks" / "dicom"
    if not program.is_file() or not (environment / "py/bin/dciodvfy").is_file():
        pytest.skip("the independent DICOM checkers are not here (shared/checks/setup installs them)")
    return program, {**os.environ, "WETREAD_CHECKS": str(environment)}


@pytest.fixture(scope="module")
def reports(shared):
    """Each study in a state or, where there is time, in all of them."""
    made = {}
    for number, name in enumerate((*FEW, *MORE) if FULL else FEW):
        first = report_of(studies_of(shared / "dicom" / name)[0])
        for state in STATES if FULL else STATES[number : number + 1]:
            made[f"{Path(name).stem}-{state}"] = in_state(first, state)
    return made


@pytest.fixture(scope="module")
def files(reports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sr")
    made = []
    for name, report in reports.items():
        path = folder / f"{name}.dcm"
        path.write_bytes(make_sr(report, read_originals(report)).data)
        made.append(path)
    return made


def run(checker, *files: Path) -> subprocess.CompletedProcess[str]:
    program, environment = checker
    command = ["/bin/bash", str(program), *map(str, files)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False, errors="replace"
    )


def test_the_projects_own_rules_hold_for_real_studies(reports, files):
    for report, path in zip(reports.values(), files, strict=True):
        assert problems(report, path.read_bytes()) == [], path.name


def test_dciodvfy_finds_no_error(checker, files):
    program = Path(checker[1]["WETREAD_CHECKS"]) / "py/bin/dciodvfy"
    for path in files:
        said = subprocess.run(
            [program, "-new", path], capture_output=True, text=True, check=False, timeout=60, errors="replace"
        )
        assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == [], path.name


def test_every_checker_accepts_them(checker, files):
    said = run(checker, *(files if FULL else files[:1]))
    assert said.returncode == 0, [line for line in said.stdout.splitlines() if line.startswith(("FAIL", "Error"))]


@pytest.mark.skipif(not FULL, reason="takes a Java machine a file: WETREAD_MEASURE=full")
def test_the_checkers_refuse_a_spoilt_one(checker, files, tmp_path):
    d = dcmread(files[0])
    del d.ContentTemplateSequence
    d.ConceptNameCodeSequence[0].CodeValue = "121111"
    d.save_as(tmp_path / "spoilt.dcm")
    assert run(checker, tmp_path / "spoilt.dcm").returncode != 0


def test_highdicom_reads_each_finding_with_its_tracking_and_region(tmp_path):
    highdicom = pytest.importorskip("highdicom")
    report = preliminary(image(tmp_path))
    data = make_sr(report, read_originals(report)).data
    document = highdicom.sr.srread(io.BytesIO(data))
    planar = document.content.get_planar_roi_measurement_groups()
    plain = document.content.get_image_measurement_groups()
    own = groups(dcmread(io.BytesIO(data)))
    assert len(planar) + len(plain) == len(own) == len(told(report))
    assert planar[0].tracking_identifier == "wr:pneumothorax left"
    assert planar[0].finding_type.meaning == "Pneumothorax"
    assert planar[0].roi.graphic_type.value == "POLYLINE"
