"""`wetread drift` and `wetread sentinel` over a service's data folder, and the worker that does the same daily."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from drift_site import READER, Site, changed
from scripted_plugin import SAYS, install
from wetread.cli import app
from wetread.intake import Declared
from wetread.settings import Settings, settings_file, use_file
from wetread.store.tables import audit, descriptors, drift_looks, sentinel_answers
from wetread.testing.clock import TurnableClock
from wetread.testing.phantoms import chest_like, write
from wetread.wiring.sentinels import New, add
from wetread.wiring.service import open_service
from wetread.wiring.working import open_worker

runner = CliRunner()


@pytest.fixture
def script(tmp_path, monkeypatch):
    made = install(tmp_path / "plugin")
    monkeypatch.syspath_prepend(str(tmp_path / "plugin"))
    config = tmp_path / "wetread.toml"
    config.write_text('default_readers = ["scripted"]\n')
    yield made
    sys.modules.pop("wetread_scripted", None)


@pytest.fixture
def call(tmp_path, script):
    def run(*words, code=0):
        told = runner.invoke(
            app,
            ["--config", str(tmp_path / "wetread.toml"), *words, "--data", str(tmp_path / "data")],
            standalone_mode=False,
        )
        outcome = told.return_value if isinstance(told.return_value, int) else told.exit_code
        assert outcome == code, (told.output, told.exception)
        return told.output

    before = settings_file()
    yield run
    use_file(before)


@pytest.fixture
def past(tmp_path):
    """A service whose last two days are in the store: one quiet, then one with another scanner."""
    service = open_service(Settings(), tmp_path / "data")
    site = Site(service.database, tmp_path / "data")
    site.clock = TurnableClock(datetime.now(UTC) - timedelta(hours=30))
    site.period(1, 220, hours=12)
    site.period(2, 200, changed(manufacturers={"East": 1.0}), hours=12)
    yield site
    service.close()


def test_a_baseline_is_taken_a_look_alarms_and_shows_what_moved(call, past, tmp_path):
    until = datetime.now(UTC) - timedelta(hours=18)
    words = ("--reader", READER, "--since", f"{until - timedelta(days=2):%Y-%m-%d}", "--until", until.isoformat())
    call("drift", "baseline", *words, "--reason", "the first day")
    told = call("drift", "look", "--reader", READER, code=1)
    assert "vision: alarm" in told
    assert "manufacturer" in told
    shown = json.loads(call("drift", "show", "--format", "json"))
    [reader] = shown["readers"]
    assert (reader["reader"], reader["level"]) == (READER, "alarm")
    worst = [one for one in reader["measures"] if one["level"] == "alarm"]
    assert ("metadata", "manufacturer") in {(one["kind"], one["what"]) for one in worst}
    assert {one["n"] for one in worst} == {200}
    with past.database.read() as connection:
        [line] = connection.execute(select(audit).where(audit.c.action == "baseline")).mappings().all()
    assert line["actor"].startswith("console:")
    assert json.loads(line["data"])["reason"] == "the first day"


def test_a_sentinel_is_added_listed_asked_of_and_retired(call, script, tmp_path):
    path = write(chest_like(64, 56), tmp_path / "film.dcm")
    call("sentinel", "add", str(path), "--name", "chest 1")
    assert "asked of" in call("sentinel", "list")
    told = call("drift", "look", "--reader", "scripted", "--sentinels")
    assert "1 of 1 fixed cases answered" in told
    script.change(says={**SAYS, "wr:pneumothorax": ["absent", 0.2]})
    assert "wr:pneumothorax changed" in call("drift", "look", "--sentinels", code=1)
    call("sentinel", "retire", "chest 1")
    assert "retired" in call("sentinel", "list")
    assert "scripted: too few" in call("drift", "look", "--reader", "scripted"), "no case is left to look at"


def test_a_worker_describes_asks_and_looks_by_itself_and_a_flip_is_seen_within_a_day(script, tmp_path):
    own = {"drift": {"every_s": 0.3, "sentinels_every_s": 0.3}}
    service = open_service(Settings(default_readers=("scripted",), service=own), tmp_path / "data")
    site = Site(service.database, tmp_path / "data")
    site.clock = TurnableClock(datetime.now(UTC) - timedelta(hours=2))
    names = site.period(1, 3, hours=1)
    path = write(chest_like(64, 56), tmp_path / "film.dcm")
    add(service, New(name="chest 1", paths=(path,), declared=Declared(), by="ada"))
    with open_worker(service) as worker:
        [drift] = [one for one in worker.more_chores if one.name == "drift"]
        assert drift.every_s == 0.3
        until(lambda: rows(service, sentinel_answers) and rows(service, drift_looks), drift)
        assert {row["study_id"] for row in rows(service, descriptors)} == set(names)
        assert {row["level"] for row in rows(service, drift_looks)} == {"quiet"}
        script.change(says={**SAYS, "wr:pneumothorax": ["absent", 0.2]})
        until(lambda: rows(service, drift_looks)[-1]["level"] == "alarm", drift)
        script.change(gone=True)
        asked = script.asked
        until(lambda: script.asked > asked, drift)  # a reader that is gone ends no round
    service.close()


def rows(service, table):
    with service.database.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def until(happened, chore, seconds=60):
    """Do the chore, as the first worker does, until it has happened."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        chore.run()
        time.sleep(0.1)
