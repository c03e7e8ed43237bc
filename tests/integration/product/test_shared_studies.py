"""The main job over the real files beside the project: everything is reported or named, hostile files cost little."""

import csv
import json
import subprocess
import sys

import pytest

ATTACK_SECONDS = 5.0
ATTACK_BYTES = 1 << 30


def run(*arguments):
    command = [sys.executable, "-m", "wetread", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)


@pytest.fixture(scope="module")
def outcome(shared):
    return run("read", shared / "dicom", "--format", "json")


@pytest.fixture(scope="module")
def reports(outcome):
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def manifest(shared):
    with (shared / "dicom" / "manifest.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_folder_is_read_without_a_traceback(outcome):
    assert outcome.returncode in (0, 1)
    assert "Traceback" not in outcome.stderr
    assert "unexpected" not in outcome.stderr


def test_every_file_is_in_a_report_or_named_in_an_error(outcome, reports, shared):
    reported = {instance["file"] for report in reports for instance in report["study"]["instances"]}
    for row in manifest(shared):
        path = str(shared / "dicom" / row["file"])
        assert path in reported or f"{path}: " in outcome.stderr, row["file"]


def test_every_report_is_preliminary_and_has_a_reason_for_its_place(reports):
    for report in reports:
        assert report["status"] == "preliminary"
        assert report["urgency"]["reasons"]


def test_studies_that_nobody_read_are_unread_and_never_routine(reports):
    for report in reports:
        if all(answer["status"] == "abstained" for answer in report["answers"]):
            assert report["urgency"]["priority"] == "UNREAD"


def test_the_embedded_reader_reads_chest_films_only(reports):
    for report in reports:
        for answer in report["answers"]:
            if answer["status"] == "read":
                kinds = {(i["modality"], i["body_part"]) for i in report["study"]["instances"]}
                assert kinds & {("CR", "CHEST"), ("DX", "CHEST")}, report["study"]["instances"]


def test_objects_that_share_an_identity_with_different_headers_are_kept_apart_and_flagged(reports):
    trap = [r for r in reports if any("AIHCND_C2_Starter__test1" in i["file"] for i in r["study"]["instances"])]
    flagged = [i for r in trap for i in r["study"]["instances"] if any("duplicate" in f["code"] for f in i["flags"])]
    assert len(flagged) >= 4
    (answer,) = trap[0]["answers"]
    told = " ".join(limitation["text"] for limitation in answer["limitations"])
    assert "RIBCAGE" in told
    assert "CT" in told


def test_the_study_description_that_holds_the_diagnosis_reaches_no_reader():
    from wetread.domain.read import ReadRequest

    assert not {"description", "patient", "name", "file"} & set(ReadRequest.__dataclass_fields__)


LAUNCHER = """
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_maxrss, used.ru_utime + used.ru_stime]))
"""
"""A small process between, since a child starts out with the peak memory of the process that forked it."""

ATTACKS = (
    "bits_mismatch", "duplicate_window_values", "empty", "hl7_delims_in_name", "html_in_name", "huge_frames",
    "huge_rows_cols", "no_patient_id", "path_in_uid", "png_renamed", "preamble_only", "random_bytes",
    "truncated_half", "truncated_in_header", "window_width_zero",
)  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_costs_under_a_gibibyte_and_five_seconds(shared, name, tmp_path):
    """The whole command, start of both processes included, on a file made to hurt."""
    path = shared / "dicom" / f"derived__{name}.dcm"
    command = [sys.executable, "-m", "wetread", "read", str(path), "--format", "html", "--out", str(tmp_path)]
    told = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *command], check=True, capture_output=True, text=True)
    code, peak_kib, seconds = json.loads(told.stdout.splitlines()[-1])
    assert code in (0, 1), told.stderr
    assert peak_kib * 1024 < ATTACK_BYTES
    assert seconds < ATTACK_SECONDS
    written = sorted(p.name for p in tmp_path.rglob("*"))
    assert all(p.startswith("st-") for p in written), written
    for page in tmp_path.glob("*.html"):
        assert "<script" not in page.read_text()
