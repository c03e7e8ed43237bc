"""An evaluation that is cut off, short of money, or told again: nothing is asked twice, nothing is lost."""

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
from typer.testing import CliRunner

from wetread.cli import app
from wetread.evaluate.log import read_log
from wetread.testing.phantoms import radiograph, write

PLUGIN = Path(__file__).parents[1] / "batch" / "paid_plugin.py"
FILMS = 4


def run(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words)], catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def films(tmp_path):
    """Four films, half of them with something on them."""
    folder = tmp_path / "films"
    folder.mkdir()
    lines = ["file,patient_id,labels"]
    for number in range(FILMS):
        uids = {"StudyInstanceUID": f"1.2.3.{number}", "SOPInstanceUID": f"1.2.3.{number}.1"}
        write(radiograph(64 + number, 64, **uids), folder / f"film{number}.dcm")
        lines.append(f"film{number}.dcm,p{number},{'Pneumothorax' if number % 2 else 'No Finding'}")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def paid(tmp_path, films):
    """Starts `wetread evaluate` with the reader that costs money: `money` films may be paid."""
    about = tmp_path / "plugin" / "paid_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copy(PLUGIN, tmp_path / "plugin")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paid-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[wetread.readers]\npaid = paid_plugin:Paid\n")
    (tmp_path / "wetread.toml").write_text(f'data_dir = "{tmp_path}/data"\nstudies_at_once = 1\n')

    def start(money, wait_s=0.0):
        path = f"{tmp_path / 'plugin'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        own = {"PYTHONPATH": path, "PAID": str(tmp_path / "paid.log"), "PAID_MONEY": str(money), "PAID_S": str(wait_s)}
        words = ["-m", "wetread", "evaluate", str(films), "--reader", "paid", "--draws", "100", "--out", "out"]
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def finished(process):
    told = process.communicate(timeout=120)[1]
    return process.returncode, told


def test_short_of_money_then_killed_it_goes_on_and_asks_for_no_answered_case_twice(paid, tmp_path):
    def count(what):
        path = tmp_path / "paid.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.split()[1] for line in lines if line.startswith(what))

    code, told = finished(paid(1))
    assert code == 1
    assert "the budget is spent (paid); run it again with more to go on" in told
    assert count("answered").total() == 1

    killed = paid(9, wait_s=0.5)
    limit = time.monotonic() + 90
    while count("asked").total() < 3 and time.monotonic() < limit and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert len(read_log(tmp_path / "out/log.jsonl").of("paid")) >= 2

    code, told = finished(paid(9))
    assert code == 0, told
    assert len(count("answered")) == FILMS
    assert count("asked").total() <= FILMS + 1  # the one that was under way
    answers = read_log(tmp_path / "out/log.jsonl").of("paid")
    assert {one.status for one in answers.values()} == {"read"}
    reader = json.loads((tmp_path / "out/metrics.json").read_text())["readers"][0]
    assert (reader["n_read"], reader["cost"]["total_usd"]) == (FILMS, FILMS)


def test_a_ceiling_stops_a_vision_reader_before_it_is_passed_and_a_higher_one_goes_on(
    films, llmock, tmp_path, monkeypatch
):
    rows = (films / "cases.csv").read_text().splitlines()[:-1]  # three are enough
    (films / "cases.csv").write_text("\n".join(rows) + "\n")
    llmock.reply(json.dumps(answer(finding("wr:pneumothorax", side="left"), urgency="P1")), times=None)
    facts = {"kind": "vision", "provider": "openai", "base_url": f"{llmock.url}/v1", "model_id": "gpt-4.1"}
    lines = [f'data_dir = "{tmp_path}/data"', "studies_at_once = 1", "[readers.gpt]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in facts.items()]
    (tmp_path / "wetread.toml").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    words = (films, "--reader", "gpt", "--draws", 100, "--out", tmp_path / "out")
    done = run(*words, "--budget-usd", 0.05)
    paid = len(llmock.requests)
    assert (done.return_value, 1 <= paid < 3) == (1, True), done.stderr
    assert "the budget is spent (gpt)" in done.stderr
    first = json.loads((tmp_path / "out/metrics.json").read_text())["readers"][0]
    assert first["n_read"] == paid
    assert 0 < first["cost"]["total_usd"] <= 0.05
    done = run(*words, "--budget-usd", 5)
    assert done.return_value == 0, done.stderr
    assert f"{3 - paid} cases asked, {paid} were answered before" in done.stderr
    assert len(llmock.requests) == 3
    assert json.loads((tmp_path / "out/metrics.json").read_text())["readers"][0]["n_read"] == 3


def test_the_log_alone_gives_the_same_figures_on_another_machine_without_any_image(films, tmp_path):
    out = tmp_path / "out"
    words = ("--reader", "embedded", "--controls", "--draws", 100)
    assert run(films, *words, "--out", out).return_value == 0
    first = json.loads((out / "metrics.json").read_text())
    for film in films.glob("*.dcm"):
        film.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(films / "cases.csv", elsewhere)
    shutil.copy(out / "log.jsonl", elsewhere)
    done = run(elsewhere, "--draws", 100, "--out", elsewhere)
    assert done.return_value == 0, done.stderr
    again = json.loads((elsewhere / "metrics.json").read_text())
    assert again["readers"] == first["readers"]
    assert again["manifest"]["log_sha256"] == first["manifest"]["log_sha256"]
    assert again["manifest"]["cases_sha256"] == first["manifest"]["cases_sha256"]
    told = {name for name in first if name not in {"manifest", "shortcuts"}}
    assert {name: again[name] for name in told} == {name: first[name] for name in told}
    assert [one["disturbance"] for one in again["readers"][0]["controls"]] == ["border_only", "centre_only"]
