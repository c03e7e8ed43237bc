import json

import pytest
import typer
from typer.testing import CliRunner

from wetread.cli.daily import daily
from wetread.cli.fetch import fetch
from wetread.errors import ConfigurationError

DICOM = b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a verb in a folder with a wetread.toml; its exit code and what it wrote."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "wetread.toml").write_text(
        "[service.listener]\nmin_free_bytes = 0\n"
        '[service.sources.scans]\nkind = "folder"\nfolder = "incoming"\nsettle_s = 0.1\n'
        '[service.sources.front]\nkind = "dicom"\nhost = "127.0.0.1"\nport = 1\nae_title = "FRONT"\ntimeout_s = 2\n'
    )
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command("fetch")(fetch)
    app.command("daily")(daily)

    def call(*words):
        found = CliRunner().invoke(app, [*words, "--data", str(tmp_path / "data")], standalone_mode=False)
        if found.exception is not None:
            raise found.exception
        return found.return_value, found.stdout, found.stderr

    return call


def test_fetch_takes_what_settled_and_says_how_much(run, tmp_path):
    (tmp_path / "incoming" / "Doe^Jane.dcm").write_bytes(DICOM)
    code, _, said = run("fetch", "scans")
    assert (code, "scans: 1 objects taken" in said, "Doe" in said) == (0, True, False)
    assert len(list((tmp_path / "data" / "spool").glob("*/*.dcm"))) == 1


def test_one_source_that_fails_is_told_of_and_the_others_are_fetched_from(run, tmp_path):
    (tmp_path / "incoming" / "a.dcm").write_bytes(DICOM)
    code, _, said = run("fetch")
    assert code == 1
    assert "can't be reached" in said
    assert "scans: 1 objects taken" in said


def test_check_asks_and_takes_nothing(run, tmp_path):
    (tmp_path / "incoming" / "a.dcm").write_bytes(DICOM)
    assert run("fetch", "scans", "--check")[0] == 0
    assert run("fetch", "front", "--check")[0] == 1
    assert not (tmp_path / "data").exists()


def test_a_source_that_is_not_configured_is_a_setting_to_mend(run):
    with pytest.raises(ConfigurationError, match="there are: front, scans"):
        run("fetch", "other")


def test_the_daily_report_is_printed_for_people_and_programs(run):
    code, text, _ = run("daily")
    assert (code, "AI success rate        no study" in text) == (0, True)
    code, told, _ = run("daily", "--date", "2026-11-20", "--format", "json")
    assert (json.loads(told)["day"], json.loads(told)["ai_success_rate"]) == ("2026-11-20", None)
