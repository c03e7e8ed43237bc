"""`wetread rules` as a user types it."""

import json
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from wetread.cli import rules
from wetread.errors import ConfigurationError
from wetread.wiring import DEMO
from wetread.worklist.rules import load_rules

RULES = """
time_zone = "Europe/Vienna"
[[rule]]
name = "head CT at night"
when = { modality = "CT", body_part = "HEAD", time_of_day = "18:00-07:00" }
priority = "P2"
[[rule]]
name = "emergency films"
when = { modality = ["CR", "DX"], calling_ae = "ER*" }
read_by = "embedded"
patient_class = "emergency"
stop = true
[[rule]]
name = "the rest"
hold = true
"""
FILM = str(DEMO / "film-00003940.dcm")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WETREAD_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "rules.toml").write_text(RULES)

    def command(*words):
        return CliRunner().invoke(rules.app, list(words), catch_exceptions=False, standalone_mode=False)

    return command


def test_the_tester_tells_rule_by_rule_what_applied_and_why(run):
    done = run("test", FILM, "--rules", "rules.toml", "--calling", "ER_1", "--at", "12:00")
    assert done.return_value == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[1:] == [
        "'head CT at night' does not apply: modality is DX, wanted CT; body_part is CHEST, wanted HEAD; "
        "it is 12:00, wanted 18:00-07:00",
        "'emergency films' applies: modality is DX; calling_ae is ER_1",
        "'the rest' was not looked at: 'emergency films' stops",
        "=> read by embedded (rule 'emergency films')",
        "=> sent to folder, since no rule names any",
        "=> patient class emergency (rule 'emergency films')",
    ]


def test_a_program_is_told_the_same_as_json(run):
    words = ("--rules", "rules.toml", "--at", "2026-11-21T20:30+00:00", "--format", "json")
    told = json.loads(run("test", FILM, *words).stdout)
    assert told["at"] == "2026-11-21T21:30:00+01:00"
    (study,) = told["studies"]
    assert [one["outcome"] for one in study["rules"]] == ["did not apply", "did not apply", "applied"]
    assert (study["hold"], study["readers"], study["destinations"]) == (True, [], ["folder"])
    assert study["facts"]["body_parts"] == ["CHEST"]


@pytest.mark.parametrize("told", ["22:30", "2026-11-21T22:30", "2026-11-21T21:30+00:00"])
def test_a_time_is_that_of_the_rules_zone_unless_it_names_its_own(run, tmp_path, told):
    at = rules.moment(told, load_rules(tmp_path / "rules.toml"))
    assert at.astimezone(ZoneInfo("Europe/Vienna")).strftime("%H:%M") == "22:30"


def test_what_is_no_time_is_a_wrong_option(run, tmp_path):
    with pytest.raises(typer.BadParameter, match="write 22:30"):
        rules.moment("tonight", load_rules(tmp_path / "rules.toml"))


def test_the_rules_of_the_data_folder_are_the_sites_own(run, tmp_path):
    assert "the rules that ship: 0 rules" in run("check").stdout
    (tmp_path / "data").mkdir()
    (tmp_path / "rules.toml").rename(tmp_path / "data" / "rules.toml")
    assert f"{tmp_path / 'data' / 'rules.toml'}: 3 rules" in run("check").stdout


def test_a_reader_that_is_not_there_is_refused_with_its_line(run, tmp_path):
    (tmp_path / "rules.toml").write_text(RULES.replace("embedded", "embeded"))
    with pytest.raises(ConfigurationError, match=r"rules\.toml:10: rule\.2\.read_by: no reader called 'embeded'"):
        run("check", "--rules", "rules.toml")


def test_a_file_that_is_no_image_is_told_in_the_exit_code(run, tmp_path):
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    assert run("test", "broken.dcm", "--rules", "rules.toml").return_value == 1
