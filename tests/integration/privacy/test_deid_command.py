"""`wetread deidentify`: a batch that goes on, originals that stay as they are, names on the user's terminal only."""

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest

import wetread
from wetread.cli.deidentify import Keep, Look, deidentify
from wetread.errors import ConfigurationError
from wetread.privacy.deidentify.crosswalk import Crosswalk
from wetread.privacy.deidentify.pseudonyms import read_key

DEMO = Path(wetread.__file__).parent / "demo_studies"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    assert deidentify(None, new_key=path) == 0
    return path


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Two good objects in a folder with a name, a text, a damaged file and a picture."""
    folder = tmp_path / "studies"
    inner = folder / "Quixwhistle Zebulon"
    inner.mkdir(parents=True)
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(DEMO / name, inner / name)
    (folder / "notes.txt").write_text("Quixwhistle called", encoding="utf-8")
    (folder / "half.dcm").write_bytes((DEMO / "CT_small.dcm").read_bytes()[:900])
    (folder / "film.png").write_bytes(cv2.imencode(".png", np.zeros((80, 80), np.uint8))[1].tobytes())
    return folder


def test_good_files_are_copied_the_rest_stays_and_is_named_with_its_reason(
    studies: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in studies.rglob("*") if path.is_file()}
    report, out = tmp_path / "report.jsonl", tmp_path / "out"
    assert deidentify([studies], out=out, key_file=key, report=report) == 1
    told = capsys.readouterr()
    assert told.out == "2 copied, 3 stay on site\n"
    assert "notes.txt" in told.err
    assert {path: path.read_bytes() for path in before} == before
    copies = [path for path in out.rglob("*") if path.is_file()]
    assert len(copies) == 2
    assert {len(path.relative_to(out).parts) for path in copies} == {2}  # the folders are as they were
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert sorted(row["fate"] for row in rows) == ["copied"] * 2 + ["stays on site"] * 3
    assert not any(
        word in report.read_text().lower() + str(copies).lower() for word in ("quixwhistle", "notes", "small")
    )


def test_a_copy_says_what_was_done_to_it(studies: Path, key: Path, tmp_path: Path) -> None:
    deidentify([studies], out=tmp_path / "out", key_file=key, retain=[Keep.DEVICE], clean=[Look.DESCRIPTORS])
    copy = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert copy.PatientIdentityRemoved == "YES"
    assert copy.LongitudinalTemporalInformationModified == "MODIFIED"
    assert [item.CodeValue for item in copy.DeidentificationMethodCodeSequence] == [
        "113100",
        "113105",
        "113107",
        "113109",
    ]
    assert copy.file_meta.MediaStorageSOPInstanceUID == copy.SOPInstanceUID


def test_a_dry_run_writes_nothing(studies: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deidentify([studies], out=tmp_path / "out", key_file=key, dry_run=True) == 1
    assert capsys.readouterr().out == "2 would be copied, 3 stay on site\n"
    assert not (tmp_path / "out").exists()


def test_the_crosswalk_leads_back(studies: Path, key: Path, tmp_path: Path) -> None:
    out, crosswalk = tmp_path / "out", tmp_path / "crosswalk"
    deidentify([studies], out=out, key_file=key, crosswalk=crosswalk)
    with Crosswalk.open(crosswalk, read_key(key)) as held:
        for copy in map(pydicom.dcmread, out.rglob("*.dcm")):
            assert held.lookup(str(copy.PatientID)).original in ("1CT1", "4MR1")
            assert held.lookup(str(copy.StudyInstanceUID)) is not None


def test_a_file_that_stays_leaves_no_copy_of_an_earlier_run(studies: Path, key: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    deidentify([studies], out=out, key_file=key)
    for path in (studies / "Quixwhistle Zebulon").iterdir():
        path.write_bytes(path.read_bytes()[:300])
    deidentify([studies], out=out, key_file=key)
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_dates_removed_and_retained_at_once_is_refused(studies: Path, key: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="dates"):
        deidentify([studies], out=tmp_path / "out", key_file=key, retain=[Keep.DATES], remove_dates=True)


@pytest.mark.parametrize("where", [".", "copies"])
def test_copies_never_lie_among_the_originals(studies: Path, key: Path, where: str) -> None:
    with pytest.raises(ConfigurationError, match="originals"):
        deidentify([studies], out=studies / where, key_file=key)


def test_a_missing_open_or_short_key_says_what_to_do(studies: Path, key: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--new-key"):
        deidentify([studies], out=tmp_path / "out", key_file=tmp_path / "none")
    key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        deidentify([studies], out=tmp_path / "out", key_file=key)
    key.chmod(0o600)
    with pytest.raises(ConfigurationError, match="not written over"):
        deidentify(None, new_key=key)
    key.write_text("short", encoding="ascii")
    with pytest.raises(ConfigurationError, match="64 hexadecimal"):
        deidentify([studies], out=tmp_path / "out", key_file=key)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned into"),
        ({"Modality": "US"}, "often have text burned in"),
        ({"RecognizableVisualFeatures": "YES"}, "face"),
        ({"EncapsulatedDocument": b"%PDF"}, "document of another format"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66"}, "raw data"),
    ],
)
def test_what_cannot_be_made_safe_stays(
    change: dict[str, object], reason: str, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = pydicom.dcmread(DEMO / "CT_small.dcm")
    for keyword, value in change.items():
        setattr(held, keyword, value)
    held.save_as(tmp_path / "one.dcm")
    assert deidentify([tmp_path / "one.dcm"], out=tmp_path / "out", key_file=key) == 1
    assert reason in capsys.readouterr().err


def test_a_picture_is_looked_at_and_written_anew_without_its_metadata(key: Path, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    if os.environ.get("WETREAD_MEASURE") != "full":
        pytest.skip("a look at pixels takes long; WETREAD_MEASURE=full")
    grey = np.tile(np.arange(120, dtype=np.uint8), (90, 1))
    data = cv2.imencode(".png", grey)[1].tobytes()
    chunk = b"tEXtAuthor\0Zebulon Quixwhistle"
    hidden = data[:33] + (len(chunk) - 4).to_bytes(4, "big") + chunk + b"\0\0\0\0" + data[33:]
    (tmp_path / "zebulon.png").write_bytes(hidden)
    out = tmp_path / "out"
    assert deidentify([tmp_path / "zebulon.png"], out=out, key_file=key, clean=[Look.PIXELS]) == 0
    (copy,) = out.iterdir()
    assert b"Zebulon" not in copy.read_bytes()
    assert np.array_equal(cv2.imread(str(copy), cv2.IMREAD_UNCHANGED), grey)
