"""The figures of docs/tutorial/first-evaluation.md are those that its commands print."""

import json
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from wetread.cli import app

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/tutorial/first-evaluation.md").read_text(encoding="utf-8")


def figures_of(name, shared, folder):
    """The controls of one collection, and the reference's figures where it has some: metrics and what was printed."""
    cases, out = folder / "cases.csv", folder / "out"
    words = [name, "--data", str(shared), "--out", str(cases)]
    subprocess.run([sys.executable, ROOT / "training/cases.py", *words], check=True)
    predictions = f"reference={shared / 'cxr/reference_densenet121_preds.csv'}"
    words = ["evaluate", cases, "--images", shared / "cxr", "--predictions", predictions, "--controls", "--out", out]
    declared = ["--modality", "DX", "--body-part", "CHEST"]
    done = CliRunner().invoke(app, [*map(str, words), *declared], catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0, done.stderr
    return json.loads((out / "metrics.json").read_text()), done.stdout


def written(interval):
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def check_shortcuts(told, printed, *, tells):
    """What a plain classifier tells stands on the page; the warning is printed where it tells, and only there."""
    assert len(told["shortcuts"]) == 3
    for shortcut in told["shortcuts"]:
        assert written(shortcut["auroc"]) in PAGE, shortcut["looks_at"]
    by_name = {one["looks_at"]: one["tells"] for one in told["shortcuts"]}
    assert by_name["the border"] is by_name["file facts"] is tells
    assert ("WARNING" in printed) is tells


def test_honest_films_are_not_accused_and_the_reference_has_the_figure_of_the_page(shared, tmp_path):
    told, printed = figures_of("nih_clean", shared, tmp_path)
    check_shortcuts(told, printed, tells=False)
    assert written(told["readers"][0]["any_finding"]["auroc"]) in PAGE


def test_films_whose_classes_came_different_ways_are_warned_of(shared, tmp_path):
    told, printed = figures_of("nih_darkcovid", shared, tmp_path)
    check_shortcuts(told, printed, tells=True)
