"""A batch as a user types it: short of money, killed, and gone on with."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from fake_providers import answer, finding

from wetread.testing.phantoms import radiograph, write

pytest.importorskip("dbos", reason="the service's packages are not installed")
HERE = Path(__file__).parent
PROGRAM = (
    "-c",
    "from wetread.cli import app, batch, main\n"
    "if 'batch' not in {c.name for c in app.registered_commands}: app.command('batch')(batch.batch)\n"
    "main()",
)
STUDIES = 4
FILES = {"film0.dcm", "film1.dcm", "film2.dcm", "late/film3.dcm"}


@pytest.fixture
def films(tmp_path):
    """Films of as many studies, one in a folder of its own, beside files that are no images."""
    folder = tmp_path / "films"
    (folder / "late").mkdir(parents=True)
    for number, file in enumerate(sorted(FILES)):
        uids = {"StudyInstanceUID": f"1.2.3.{number}", "SOPInstanceUID": f"1.2.3.{number}.1"}
        write(radiograph(64 + number, 64, **uids), folder / file)
    (folder / "notes.txt").write_text("nothing to look at\n")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    return folder


@pytest.fixture
def batch(tmp_path, films):
    """Starts `wetread batch` in a folder of its own."""

    def start(*words, settings="", **env):
        (tmp_path / "wetread.toml").write_text(f'data_dir = "{tmp_path}/data"\nstudies_at_once = 1\n{settings}')
        given = {k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_BASE_URL"))}
        command = [sys.executable, *PROGRAM, "batch", str(films), "--out", "out", *words]
        return subprocess.Popen(command, cwd=tmp_path, env={**given, **env}, stderr=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def paid(tmp_path):
    """The plug-in `paid_plugin`, installed; its lines."""
    about = tmp_path / "plugin" / "paid_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copy(HERE / "paid_plugin.py", tmp_path / "plugin")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paid-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[wetread.readers]\npaid = paid_plugin:Paid\n")
    return tmp_path / "paid.log"


def finished(process):
    told = process.communicate(timeout=120)[1]
    return process.returncode, told


def rows(tmp_path):
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def until(condition, process):
    limit = time.monotonic() + 90
    while not condition() and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.01)
    assert condition()


def test_a_batch_short_of_money_and_then_killed_goes_on_and_asks_for_no_finished_read_twice(batch, paid, tmp_path):
    def start(money, *words):
        plugin = {"PYTHONPATH": str(paid.parent / "plugin"), "PAID": str(paid), "PAID_MONEY": money, "PAID_S": "0.4"}
        return batch("--reader", "paid", *words, **plugin)

    def count(what):
        return Counter(line.split()[1] for line in paid.read_text().splitlines() if line.startswith(what))

    code, told = finished(start("1"))
    assert code == 1
    assert "error: stopped: paid: this call may cost $1, but $0 is left. 3 studies are left" in told
    assert "broken.dcm: " in told
    assert count("answered").total() == 1
    assert Counter(row["priority"] for row in rows(tmp_path).values())["P1"] == 1

    killed = start("9", "--resume")
    until(lambda: count("asked").total() == 3, killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    code, told = finished(start("9", "--resume"))
    assert code == 1, told  # one file can't be read
    assert set(count("answered").values()) == {1}
    assert count("asked").total() <= STUDIES + 1  # the one that was under way
    found = rows(tmp_path)
    assert set(found) == FILES
    assert {(row["status"], row["priority"], row["cost_usd"]) for row in found.values()} == {("reported", "P1", "1.0")}
    assert {row["wr:pneumothorax"] for row in found.values()} == {"0.9"}
    assert len(list((tmp_path / "out" / "reports").glob("*.json"))) == STUDIES


@pytest.mark.skipif(os.environ.get("WETREAD_MEASURE") != "full", reason="three vision batches: WETREAD_MEASURE=full")
def test_the_budget_of_a_batch_holds_over_all_its_runs(batch, llmock, films, tmp_path):
    (films / "broken.dcm").unlink()
    llmock.reply(json.dumps(answer(finding("wr:pneumothorax", side="left"), urgency="P1")), times=None)
    reader = {"kind": "vision", "provider": "openai", "base_url": llmock.url + "/v1", "model_id": "gpt-4.1"}
    settings = "[readers.gpt]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in reader.items())
    code, told = finished(batch("--reader", "gpt", "--budget-usd", "0.05", settings=settings))
    paid = len(llmock.requests)
    assert (code, 1 <= paid < STUDIES) == (1, True), told
    assert "error: stopped: gpt: this call may cost" in told
    code, told = finished(batch("--reader", "gpt", "--budget-usd", "0.05", settings=settings))
    assert (code, len(llmock.requests)) == (1, paid), told
    code, told = finished(batch("--reader", "gpt", "--budget-usd", "5", settings=settings))
    assert (code, len(llmock.requests)) == (0, STUDIES), told
    assert all(0 < float(row["cost_usd"]) < 0.05 for row in rows(tmp_path).values())


def test_a_batch_that_is_not_there_can_not_be_resumed(batch, tmp_path):
    code, told = finished(batch("--resume"))
    assert (code, "there is no batch to resume" in told) == (2, True), told
    assert not (tmp_path / "out").exists()
