"""`wetread read`: the contract that scripts rely on."""

import json
import re
import zipfile

import cv2
import numpy as np
import pytest

from wetread.testing import phantoms

FILM = ("--modality", "DX", "--body-part", "CHEST", "--projection", "PA")


@pytest.fixture(scope="module")
def outcome(wetread, demo):
    return wetread("read", demo, *FILM, "--context", demo / "context.json", "--format", "json")


def by_file(outcome):
    return {report["study"]["instances"][0]["file"].rpartition("/")[2]: report for report in outcome.reports}


def test_one_json_object_a_line_and_nothing_else_on_stdout(outcome):
    assert outcome.code == 0, outcome.err
    assert len(outcome.reports) == 6
    for report in outcome.reports:
        assert report["schema"] == "wetread.report/1"
        assert report["status"] == "preliminary"
        assert "not for diagnosis" in report["banner"]


def test_a_film_is_read_with_every_checked_code(outcome):
    report = by_file(outcome)["film-00005067.dcm"]
    (answer,) = report["answers"]
    assert answer["reader"] == "embedded"
    assert answer["status"] == "read"
    assert answer["reason"] is None
    assert 0 <= answer["abnormal_probability"] <= 1
    assert len(answer["findings"]) == 14
    keys = {"code", "label", "public_label", "presence", "probability", "evidence"}
    assert all(keys <= set(finding) for finding in answer["findings"])


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_a_slice_is_an_abstention_with_the_reason_and_stands_as_unread(outcome, name):
    report = by_file(outcome)[name]
    (answer,) = report["answers"]
    assert answer["status"] == "abstained"
    assert "modality" in answer["reason"]
    assert report["urgency"]["priority"] in {"UNREAD", "P2"}
    assert report["findings"] == []


def test_studies_come_in_the_order_of_their_urgency(outcome):
    ranks = {"P1": 1, "P2": 2, "UNREAD": 2, "P3": 3, "P4": 4, "P5": 5}
    order = [ranks[report["urgency"]["priority"]] for report in outcome.reports]
    assert order == sorted(order)


def test_the_order_s_priority_lifts_a_study_and_says_so(outcome):
    reasons = by_file(outcome)["CT_small.dcm"]["urgency"]["reasons"]
    assert any(reason["source"] == "order" for reason in reasons)


def test_the_same_input_gives_the_same_bytes(wetread, demo, outcome):
    again = wetread("read", demo, *FILM, "--context", demo / "context.json", "--format", "json")
    assert again.out == outcome.out


@pytest.mark.parametrize("output", ["text", "html", "pdf"])
def test_every_format_is_the_same_twice_and_carries_the_banner(wetread, demo, tmp_path, output):
    film = demo / "film-00012975.dcm"
    folders = [tmp_path / str(n) for n in range(2)]
    for folder in folders:
        assert wetread("read", film, "--format", output, "--out", folder).code == 0
    first, second = (next(folder.iterdir()) for folder in folders)
    assert first.read_bytes() == second.read_bytes()
    if output != "pdf":
        assert "not for diagnosis" in first.read_text()


def test_what_can_not_be_read_is_named_and_the_rest_is_reported(wetread, demo, tmp_path):
    (tmp_path / "film.dcm").write_bytes((demo / "film-00012975.dcm").read_bytes())
    (tmp_path / "broken.dcm").write_bytes((demo / "film-00012975.dcm").read_bytes()[:140])
    outcome = wetread("read", tmp_path, "--format", "json")
    assert outcome.code == 1
    assert len(outcome.reports) == 1
    assert "broken.dcm" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("read",),
        ("read", "/no/such/place"),
        ("read", ".", "--format", "fax"),
        ("read", ".", "--format", "pdf"),
        ("read", ".", "--reader", "nobody"),
        ("nonsense",),
    ],
)
def test_wrong_usage_ends_with_2_and_leaves_stdout_alone(wetread, arguments):
    outcome = wetread(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err


def test_an_unknown_reader_is_answered_with_the_installed_ones(wetread, demo):
    outcome = wetread("read", demo / "CT_small.dcm", "--reader", "nobody")
    assert "no reader called 'nobody'; installed: embedded" in outcome.err


def test_a_wrong_context_names_its_field(wetread, demo, tmp_path):
    context = tmp_path / "context.json"
    context.write_text(json.dumps({"agee": 50}))
    outcome = wetread("read", demo / "CT_small.dcm", "--context", context)
    assert outcome.code == 2
    assert "agee" in outcome.err


def test_a_colour_photograph_is_never_read_as_a_film(wetread, tmp_path):
    rng = np.random.default_rng(1)
    cv2.imwrite(str(tmp_path / "holiday.png"), rng.integers(0, 255, (400, 400, 3), np.uint8))
    outcome = wetread("read", tmp_path / "holiday.png", *FILM, "--format", "json")
    (answer,) = outcome.reports[0]["answers"]
    assert (answer["status"], "colour" in answer["reason"]) == ("abstained", True)


def test_a_lateral_film_is_an_abstention(wetread, demo):
    outcome = wetread("read", demo / "film-00000211.jpg", *FILM[:4], "--projection", "LATERAL", "--format", "json")
    (answer,) = outcome.reports[0]["answers"]
    assert (answer["status"], "LATERAL" in answer["reason"]) == ("abstained", True)


def test_a_series_in_a_zip_is_one_study_with_one_report(wetread, tmp_path):
    phantoms.ct_series(tmp_path / "ct", slices=5)
    archive = tmp_path / "ct.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted((tmp_path / "ct").iterdir()):
            packed.write(path, path.name)
    outcome = wetread("read", archive, "--format", "json")
    assert outcome.code == 0, outcome.err
    assert len(outcome.reports) == 1
    files = [instance["file"] for instance in outcome.reports[0]["study"]["instances"]]
    assert len(files) == 5
    assert all("/ct.zip!" in name for name in files)


def test_two_readers_are_a_panel(wetread, demo):
    outcome = wetread(
        "read", demo / "film-00005067.dcm", "--reader", "embedded", "--reader", "embedded", "--format", "json"
    )
    assert [answer["reader"] for answer in outcome.reports[0]["answers"]] == ["embedded"]


def test_no_patient_s_name_or_number_reaches_stderr_or_a_file_name(wetread, tmp_path):
    dataset = phantoms.radiograph(64, 64, PatientName="SECRET^NAME", PatientID="SECRET-42")
    phantoms.write(dataset, tmp_path / "a.dcm")
    outcome = wetread("read", tmp_path / "a.dcm", "--format", "html", "--out", tmp_path / "out")
    assert outcome.code == 0
    assert "SECRET" not in outcome.err
    assert all(re.fullmatch(r"st-[0-9a-f]+\.html", path.name) for path in (tmp_path / "out").iterdir())
