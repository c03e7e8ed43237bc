"""`wetread evaluate` on real films: figures that an independent library prints too, runs that go on, wrong files."""

import csv
import json
import math
import shutil

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from typer.testing import CliRunner

from wetread.cli import app
from wetread.evaluate.log import read_log
from wetread.wiring import DEMO

COLUMNS = ("file", "patient_id", "labels", "split", "age", "sex", "view")
DECLARED = ("--modality", "DX", "--body-part", "CHEST", "--draws", "200")


def run(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words)], catch_exceptions=False, standalone_mode=False)


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def films(shared, tmp_path_factory):
    """The held-out films of nih_clean as a case file, and the figures of two readers on them."""
    folder = tmp_path_factory.mktemp("films")
    rows = [r for r in table(shared / "cxr/labels.csv") if r["collection"] == "nih_clean" and r["split"] == "test"]
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    predictions = f"reference={shared / 'cxr/reference_densenet121_preds.csv'}"
    words = ("--images", shared / "cxr", "--predictions", predictions, *DECLARED, "--out", folder / "out")
    done = run(folder / "cases.csv", "--reader", "embedded", *words)
    assert done.return_value == 0, done.stderr
    return folder, rows, done.stdout, json.loads((folder / "out/metrics.json").read_text())


def test_both_readers_have_the_figures_that_an_independent_library_prints(films, shared):
    folder, rows, _, told = films
    truth = {row["file"]: set(row["labels"].split("|")) for row in rows}
    theirs = {row["file"]: row for row in table(shared / "cxr/reference_densenet121_preds.csv")}
    log = read_log(folder / "out/log.jsonl")
    checked = 0
    for reader in told["readers"]:
        for finding in reader["findings"]:
            cases = [f for f in truth if reader["name"] == "reference" or log.answers["embedded", f].is_read]
            is_so = [finding["label"] in truth[f] for f in cases]
            assert (finding["n"], finding["n_pos"]) == (len(cases), sum(is_so))
            if finding["n_pos"] < 10:
                assert finding["auroc"]["value"] is None
                assert finding["why"] == "n/a (too few)"
                continue
            if reader["name"] == "reference":
                scores = [float(theirs[f][f"prob_{finding['label']}"]) for f in cases]
            else:
                scores = [log.answers["embedded", f].findings[finding["code"]].probability for f in cases]
            assert finding["auroc"]["value"] == pytest.approx(roc_auc_score(is_so, scores), abs=1e-9)
            assert finding["auprc"] == pytest.approx(average_precision_score(is_so, scores), abs=1e-9)
            assert finding["intervals"]["brier"]["n"] == len(cases)
            assert finding["brier"] == pytest.approx(brier_score_loss(is_so, scores), abs=1e-9)
            checked += 1
    assert checked >= 20
    one = next(r for r in told["readers"] if r["name"] == "embedded")["any_finding"]
    cases = [f for f in truth if log.answers["embedded", f].is_read]
    scores = [log.answers["embedded", f].abnormal_probability for f in cases]
    is_so = ["No Finding" not in truth[f] for f in cases]
    assert one["auroc"]["value"] == pytest.approx(roc_auc_score(is_so, scores), abs=1e-9)


def test_intervals_follow_from_the_seed_and_scoring_again_asks_nobody(films, shared):
    folder, _, told, metrics = films
    before = (folder / "out/log.jsonl").read_bytes()
    again = run(folder / "cases.csv", "--images", shared / "cxr", *DECLARED, "--out", folder / "out")
    assert again.stdout == told
    assert (folder / "out/log.jsonl").read_bytes() == before
    second = json.loads((folder / "out/metrics.json").read_text())
    assert second["readers"] == metrics["readers"]
    run(folder / "cases.csv", "--images", shared / "cxr", *DECLARED, "--seed", 5, "--out", folder / "out")
    other = json.loads((folder / "out/metrics.json").read_text())
    first, moved = (one["readers"][0]["any_finding"]["auroc"] for one in (metrics, other))
    assert first["value"] == moved["value"]
    assert (first["low"], first["high"]) != (moved["low"], moved["high"])
    assert other["manifest"]["seed"] == 5


def test_what_was_told_can_be_told_by_machine_without_a_nan(films):
    folder, *_ = films
    text = (folder / "out/metrics.json").read_text()
    json.loads(text, parse_constant=lambda word: pytest.fail(word))
    told = json.loads(text)
    assert {"cases_sha256", "software", "vocabulary", "policy", "command", "seed", "log_sha256"} <= set(
        told["manifest"]
    )
    for reader in told["readers"]:
        assert {"name", "findings", "any_finding", "urgency", "cost", "latency_ms"} <= set(reader)
        assert sum(map(sum, reader["urgency"]["table"])) == 152
    embedded = told["readers"][0]
    assert embedded["n_read"] + embedded["n_abstained"] + embedded["n_failed"] == embedded["n"] == 152
    assert 0 < embedded["latency_ms"]["p50"] <= embedded["latency_ms"]["p95"] <= embedded["latency_ms"]["p99"]
    assert told["readers"][1]["latency_ms"]["p50"] is None


def case_file(folder, rows, header=COLUMNS):
    lines = [",".join(header), *(",".join(row) for row in rows)]
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    return folder / "cases.csv"


@pytest.fixture
def demo(tmp_path):
    for path in DEMO.glob("*.dcm"):
        shutil.copy(path, tmp_path)
    rows = [(p.name, f"p{n}", "Pneumothorax" if n else "No Finding", "test", "", "", "") for n, p in
            enumerate(sorted(tmp_path.glob("*.dcm")))]  # fmt: skip
    return tmp_path, case_file(tmp_path, rows), len(rows)


def test_a_run_that_was_cut_off_goes_on_and_asks_nothing_twice(demo):
    folder, cases, n = demo
    out = folder / "out"
    run(cases, "--reader", "embedded", "--draws", 100, "--out", out)
    whole = (out / "log.jsonl").read_bytes().splitlines(keepends=True)
    answers = [line for line in whole if b'"kind":"answer"' in line]
    assert len(answers) == n
    cut = b"".join(whole[: len(whole) - 2]) + whole[-2][:40]  # the last two answers, one of them half written
    (out / "log.jsonl").write_bytes(cut)
    done = run(cases, "--reader", "embedded", "--draws", 100, "--out", out)
    assert f"2 cases asked, {n - 2} were answered before" in done.stderr
    assert len(read_log(out / "log.jsonl").answers) == n


def test_a_reader_that_abstains_is_counted_so_and_judged_on_nothing(demo):
    folder, cases, n = demo
    run(cases, "--reader", "embedded", "--draws", 100, "--out", folder / "out")
    (told,) = json.loads((folder / "out/metrics.json").read_text())["readers"]
    assert (told["n_read"], told["n_abstained"], told["n"]) == (3, 2, n)  # the CT and the MR slice
    assert told["urgency"]["unread_share"]["value"] == pytest.approx(2 / n)
    assert all(finding["auroc"]["value"] is None for finding in told["findings"])


def test_a_file_that_is_not_there_is_named_and_the_rest_is_judged(tmp_path):
    shutil.copy(DEMO / "film-00003940.dcm", tmp_path)
    cases = case_file(tmp_path, [("film-00003940.dcm", "a", "Mass", "test", "", "", ""),
                                 ("gone.dcm", "b", "Mass", "test", "", "", "")])  # fmt: skip
    done = run(cases, "--reader", "embedded", "--draws", 100, "--out", tmp_path / "out")
    assert done.return_value == 1
    assert "gone.dcm" in done.stderr
    assert json.loads((tmp_path / "out/metrics.json").read_text())["readers"][0]["n_read"] == 1


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ([("a.dcm", "p", "Mass")], ("file", "patient_id", "labels", "split")[:3], None),
        ([("a.dcm", "Mass")], ("file", "labels"), "patient_id"),
        ([("p", "Mass")], ("patient_id", "labels"), "file or study_uid"),
        ([("a.dcm", "", "Mass")], ("file", "patient_id", "labels"), "line 2"),
        ([("a.dcm", "p", "Mass"), ("a.dcm", "q", "Mass")], ("file", "patient_id", "labels"), "more than once"),
        ([("a.dcm", "p", "Mass", "evening")], ("file", "patient_id", "labels", "split"), "evening"),
        ([("a.dcm", "p", "", "val"), ("b.dcm", "p", "", "test")], ("file", "patient_id", "labels", "split"), "patient"),
        ([("a.dcm", "p", "", "old")], ("file", "patient_id", "labels", "age"), "age"),
    ],
)  # fmt: skip
def test_a_case_file_that_is_wrong_is_refused_with_its_line(tmp_path, rows, header, says):
    from wetread.domain.clinical_data import load_vocabulary
    from wetread.errors import InputError
    from wetread.evaluate.cases import read_cases

    path = case_file(tmp_path, rows, header)
    if says is None:
        assert len(read_cases(path, load_vocabulary()).cases) == len(rows)
        return
    with pytest.raises(InputError, match=says):
        read_cases(path, load_vocabulary())


def test_labels_are_understood_by_code_name_and_synonym_and_strangers_are_named(tmp_path):
    from wetread.domain.clinical_data import load_vocabulary
    from wetread.evaluate.cases import read_cases

    words = "wr:pneumothorax|Pleural_Thickening|Effusion|pulmonary oedema|No Finding|Zebra"
    read = read_cases(case_file(tmp_path, [("a", "p", words)], ("file", "patient_id", "labels")), load_vocabulary())
    codes = {"wr:pneumothorax", "wr:pleural-thickening", "wr:pleural-effusion", "wr:pulmonary-oedema"}
    assert set(read.cases[0].codes) >= codes - {"wr:pleural-thickening"}
    assert len(read.cases[0].codes) == 4
    assert any("Zebra" in remark for remark in read.remarks)


def test_a_log_of_other_cases_is_not_gone_on_with(demo):
    from wetread.errors import ConfigurationError

    folder, cases, _ = demo
    run(cases, "--reader", "embedded", "--draws", 100, "--out", folder / "out")
    cases.write_text(cases.read_text().replace("Pneumothorax", "Mass"))
    with pytest.raises(ConfigurationError, match="another"):
        run(cases, "--reader", "embedded", "--out", folder / "out")


def test_the_middle_of_the_resamples_lies_around_the_figure(films):
    _, _, _, told = films
    for reader in told["readers"]:
        for finding in reader["findings"]:
            area = finding["auroc"]
            if area["value"] is not None:
                assert area["low"] < area["value"] < area["high"]
                assert math.isfinite(area["low"])
    assert np.isfinite([r["macro_f1"]["value"] for r in told["readers"]]).all()
