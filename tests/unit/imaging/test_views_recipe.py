"""`wetread views --recipe`: what it hands to the imaging room."""

import json

import pytest
from typer.testing import CliRunner

from wetread.cli import app
from wetread.testing import phantoms


@pytest.mark.parametrize(("recipe", "label"), [("plain", None), ("clinical", "CT image, lung window")])
def test_the_command_line_asks_for_a_recipe(tmp_path, recipe, label):
    phantoms.write(phantoms.ct_slice(), tmp_path / "in" / "a.dcm")
    out = tmp_path / "out"
    outcome = CliRunner().invoke(app, ["views", str(tmp_path / "in"), "--out", str(out), "--recipe", recipe])
    assert outcome.exit_code == 0, outcome.output
    first = json.loads((out / "views.jsonl").read_text().splitlines()[0])
    assert first["label"] == label


def test_a_recipe_that_does_not_exist_is_a_usage_error(tmp_path):
    outcome = CliRunner().invoke(app, ["views", str(tmp_path), "--out", str(tmp_path / "out"), "--recipe", "grill"])
    assert outcome.exit_code == 2
