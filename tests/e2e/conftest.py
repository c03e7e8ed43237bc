"""The command line as scripts meet it: a process, its two streams and its exit code."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "src" / "wetread" / "demo_studies"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def reports(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def playwright():
    """One at a time, and none longer than its module: while it lives no other test can run a loop of its own."""
    from playwright.sync_api import sync_playwright
    from reading_room import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright):
    from reading_room import open_browser

    opened = open_browser(playwright)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def wetread(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")

    def run(*arguments, **environment) -> Outcome:
        command = [sys.executable, "-m", "wetread", *map(str, arguments)]
        env = {**os.environ, "WETREAD_READERS_DIR": str(folder / "readers"), "COLUMNS": "200", **environment}
        done = subprocess.run(command, capture_output=True, cwd=folder, env=env, check=False, timeout=280)
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def demo() -> Path:
    return DEMO
