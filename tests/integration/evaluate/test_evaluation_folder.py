"""What `wetread evaluate` leaves for the pages: curves, and every error with what finds its study again."""

import csv
import hashlib
import json
import shutil

import pydicom
import pytest
from typer.testing import CliRunner

from wetread.cli import app
from wetread.server import evaluations_files
from wetread.wiring import DEMO


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Three films and a picture that are said to show much, read by the embedded reader and by a file."""
    folder = tmp_path_factory.mktemp("films")
    rows, told = [], []
    for path in sorted(DEMO.glob("film-*")):
        if path.suffix not in {".dcm", ".jpg"}:
            continue
        shutil.copy(path, folder)
        rows.append({"file": path.name, "patient_id": path.stem, "labels": "Pneumothorax|Hernia", "split": "test"})
        told.append({"file": path.name, "prob_Pneumothorax": 0.2, "prob_Hernia": 0.9})
    for name, lines in (("cases", rows), ("probabilities", told)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, lines[0])
            writer.writeheader()
            writer.writerows(lines)
    words = ["--reader", "embedded", "--predictions", f"file={folder}/probabilities.csv", "--draws", "100"]
    declared = ["--modality", "DX", "--body-part", "CHEST", "--projection", "PA", "--controls"]
    command = ["evaluate", str(folder / "cases.csv"), "--out", str(folder / "out"), *words, *declared]
    done = CliRunner().invoke(app, command, catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0, done.stderr
    return folder / "out"


def rows_of(out):
    return [json.loads(line) for line in (out / "errors.jsonl").read_text().splitlines()]


def test_every_error_names_its_study_by_uid_or_by_the_bytes_that_were_read(out):
    seen = set()
    for row in rows_of(out):
        path = out.parent / row["case_id"]
        seen.add(path.suffix)
        assert row["sha256s"] == [hashlib.sha256(path.read_bytes()).hexdigest()]
        if path.suffix == ".dcm":
            assert row["study_uid"] == pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID
    assert ".dcm" in seen


def test_a_file_of_probabilities_opens_the_same_studies_as_the_reader_that_saw_them(out):
    rows = [row for row in rows_of(out) if row["reader"] == "file"]
    assert {(row["code"], row["kind"]) for row in rows} == {("wr:pneumothorax", "missed")}
    assert all(row["sha256s"] for row in rows)


def test_the_folder_is_one_that_the_service_shows(out):
    found = evaluations_files.folder(out.parent, "out")
    assert evaluations_files.document(found, "metrics.json")["readers"][0]["name"] == "embedded"
    curves = evaluations_files.document(found, "curves.json")
    assert [one["name"] for one in curves["readers"]] == ["embedded", "file"]
    assert {"any_finding", "wr:pneumothorax"} <= {one["code"] for one in curves["readers"][0]["curves"]}
    assert list(evaluations_files.lines(found)) == rows_of(out)


def test_scoring_again_writes_the_same_curves_and_errors(out):
    before = {name: (out / name).read_bytes() for name in ("curves.json", "errors.jsonl")}
    command = ["evaluate", str(out.parent / "cases.csv"), "--out", str(out), "--draws", "100"]
    assert CliRunner().invoke(app, command, catch_exceptions=False, standalone_mode=False).return_value == 0
    assert {name: (out / name).read_bytes() for name in before} == before
