"""`wetread score-reports` and T9 of `wetread evaluate`: what is printed is kept, and wrong files lose nothing."""

import json

import pytest
from typer.testing import CliRunner

from wetread.cli import app
from wetread.errors import InputError
from wetread.wiring import DEMO

HERE, GONE = "Small right pneumothorax. Mild cardiomegaly.", "No pneumothorax. Mild cardiomegaly."


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def reports(tmp_path):
    """Two writers on twenty cases: one says what the reference says, one misses the pneumothorax in half of them."""
    path = tmp_path / "reports.jsonl"
    rows = [
        {"case": str(at), "patient_id": f"p{at // 2}", "by": by, "candidate": text, "reference": HERE}
        for at in range(20)
        for by, text in (("careful", HERE), ("hasty", HERE if at % 2 else GONE))
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_figures_of_every_writer_are_printed_and_kept(reports, tmp_path):
    done = run("score-reports", reports, "--out", tmp_path / "out", "--draws", 200)
    assert done.return_value == 0
    kept = json.loads((tmp_path / "out/reports.json").read_text())
    careful, hasty = kept["reports"]
    assert (careful["f1"]["value"], careful["omissions_per_report"]["value"]) == (1.0, 0.0)
    assert hasty["recall"]["value"] == 30 / 40
    assert hasty["critical_recall"] == {"value": 0.5, "low": 0.5, "high": 0.5, "n": 20}
    assert hasty["omissions_per_report"]["value"] == 0.5
    assert hasty["patients"] == 10
    assert f"seed {kept['manifest']['seed']}" in done.stdout
    assert done.stdout == (tmp_path / "out/tables.txt").read_text()
    assert "pneumothorax" in (tmp_path / "out/card.html").read_text()


def test_the_same_seed_prints_the_same(reports):
    first, again, other = (
        run("score-reports", reports, "--draws", 200, "--seed", seed, "--format", "json").stdout for seed in (1, 1, 2)
    )
    assert json.loads(first)["reports"] == json.loads(again)["reports"]
    assert json.loads(other)["manifest"]["seed"] == 2


def test_reports_of_another_examination_are_labelled_with_its_codes(tmp_path):
    path = tmp_path / "heads.jsonl"
    text = "Subdural hematoma on the left. No midline shift."
    path.write_text(json.dumps({"case": "1", "candidate": text, "reference": text}), encoding="utf-8")
    words = ("score-reports", path, "--draws", 200, "--format", "json", "--modality", "CT")
    (told,) = json.loads(run(*words, "--body-part", "HEAD").stdout)["reports"]
    assert [code["code"] for code in told["codes"]] == ["wr:subdural-haematoma-acute"]
    with pytest.raises(InputError, match="CT KNEE"):
        run(*words, "--body-part", "KNEE")


def test_a_wrong_line_is_named_and_nothing_is_written(tmp_path):
    path = tmp_path / "reports.csv"
    path.write_text("case,candidate,reference\n1,Normal chest.,\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: has no reference"):
        run("score-reports", path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_evaluation_tells_coded_findings_of_its_readers_and_of_reports(reports, tmp_path):
    film = next(path for path in sorted(DEMO.rglob("*")) if path.suffix in {".dcm", ".png", ".jpg"})
    cases, out = tmp_path / "cases.csv", tmp_path / "out"
    cases.write_text(f"file,patient_id,labels\n{film.relative_to(DEMO)},p1,Cardiomegaly\n", encoding="utf-8")
    guesses = tmp_path / "guesses.csv"
    guesses.write_text(f"file,prob_Cardiomegaly\n{film.relative_to(DEMO)},0.9\n", encoding="utf-8")
    words = ("--images", DEMO, "--predictions", f"guess={guesses}", "--out", out, "--draws", 200)
    done = run("evaluate", cases, *words, "--reports", reports)
    told = json.loads((out / "metrics.json").read_text())
    assert [(row["by"], row["against"]) for row in told["reports"]] == [
        ("guess", "labels of the cases"),
        ("careful", "reference reports"),
        ("hasty", "reference reports"),
    ]
    assert told["reports"][0]["f1"] == {"value": None, "low": None, "high": None, "n": 1}
    assert told["reports"][1]["f1"]["value"] == 1.0
    assert "Coded findings of reports (T9)" in done.stdout
    assert "Coded findings of reports (T9)" in (out / "card.html").read_text()
    assert "reports_sha256" in told["manifest"]
