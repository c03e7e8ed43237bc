"""The TypeScript client as its users have it: built, in node and in a browser, against the real service."""

import base64
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid
from reading_room import PASSWORD, SETTINGS, Watch
from service.running import Running

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "src/wetread/demo_studies"
NODE = shutil.which("node")
TOOLS = ROOT / "web/node_modules/.bin/tsc"


@dataclass(frozen=True)
class House:
    """A service, and the built client beside it: `project` is a node project that has it installed."""

    running: Running
    project: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.http}"

    def node(self, *words: str | Path, films: Path) -> str:
        """What node prints; it must end well."""
        told = {
            "WETREAD_URL": self.url,
            "WETREAD_TOKEN": self.running.token,
            "WETREAD_LOGIN": "rad",
            "WETREAD_PASSWORD": PASSWORD,
            "WETREAD_FILMS": str(films),
        }
        done = subprocess.run(
            [NODE, *map(str, words)], cwd=films, env={**os.environ, **told}, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}\n{self.running.log[-2000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    if NODE is None:
        pytest.skip("node is not installed (20 or newer)")
    if not TOOLS.is_file():
        pytest.skip("TypeScript is not installed: make web")
    made = tmp_path_factory.mktemp("client") / "project"
    done = subprocess.run(
        [ROOT / "scripts/check-client", "build", made], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(scope="module")
def house(project, tmp_path_factory):
    pages = f"[service]\npages = {json.dumps(str(project / 'page/built'))}\n"
    settings = SETTINGS.replace("[service.", pages + "[service.", 1)
    with Running(tmp_path_factory.mktemp("house"), "http://127.0.0.1:9", settings=settings) as running:
        named = ("--role", "radiologist", "--name", "Rad", "--password-stdin")
        running.ask("user", "add", "rad", *named, given=PASSWORD + "\n")
        yield House(running, project)


def own(target: Path, demo: str) -> Path:
    """A demo object as a study of its own."""
    ds = pydicom.dcmread(DEMO / f"{demo}.dcm")
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(ds, name, generate_uid())
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.PatientID = f"P-{generate_uid()[-8:]}"
    ds.save_as(target)
    return target


def test_the_unit_tests_hold_against_the_built_package(project):
    tests = sorted((project / "test").glob("*.test.js"))
    done = subprocess.run(
        [NODE, "--test", *tests], cwd=project, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert int(re.search(r"# pass (\d+)", done.stdout)[1]) > 50


def test_the_live_tests_hold_against_the_real_service(house, tmp_path):
    for number, demo in enumerate(("film-00003940", "film-00012975", "CT_small")):
        own(tmp_path / f"{number}.dcm", demo)
    told = house.node("--test", house.project / "test/live/service.test.js", films=tmp_path)
    assert {"# fail 0", "# skipped 0"} <= set(told.splitlines()), told


def test_the_programs_of_the_readme_run(house, tmp_path):
    own(tmp_path / "film.dcm", "film-00005067")
    programs = sorted((house.project / "readme").glob("[0-9][0-9].js"))
    assert len(programs) == 6
    upload = next(one for one in programs if "onProgress" in one.read_text())
    printed = {one: house.node(one, films=tmp_path) for one in [upload, *(set(programs) - {upload})]}
    assert re.search(r"100 %\n(.|\n)* reported\n.* None detected among 14", printed[upload]), printed[upload]
    silent = [one.read_text() for one, told in printed.items() if not told]
    assert all("changes(" in program for program in silent), silent  # nothing changes while it listens


def test_a_page_logs_in_uploads_with_progress_and_gets_the_report(house, browser, tmp_path):
    film = own(tmp_path / "film.dcm", "film-00005067").read_bytes()
    watch = Watch(house.url)
    watch.expect(401)
    context = browser.new_context()
    page = context.new_page()
    watch.on(page)
    page.goto(house.url)
    page.wait_for_function("() => 'wetread' in globalThis")
    told = page.evaluate(IN_A_PAGE, [PASSWORD, base64.b64encode(film).decode()])
    context.close()
    watch.check()
    assert told["wrong"] == "NotLoggedIn"
    assert told["aborted"] == "Aborted"
    assert told["steps"][0] == 0
    assert told["steps"][-1] == told["total"] > len(film)
    assert (told["ai"], told["statuses"]) == (["read"], ["preliminary"])
    assert told["after"] == "NotLoggedIn"


IN_A_PAGE = """async ([password, film]) => {
  const { Client, login, logout, read, upload } = wetread;
  const named = (promise) => promise.then(() => 'nothing', (problem) => problem.name);
  const client = new Client();
  const wrong = await named(login(client, { login: 'rad', password: 'not the password' }));
  await login(client, { login: 'rad', password });
  const bytes = Uint8Array.from(atob(film), (one) => one.charCodeAt(0));
  const stop = new AbortController();
  const broken = upload(client, [new File([bytes], 'a.dcm')], { signal: stop.signal, onProgress: () => stop.abort() });
  const aborted = await named(broken);
  const steps = [];
  let total = 0;
  const { studies } = await read(client, [new File([bytes], 'é.dcm')], {
    onProgress: ({ sentBytes, totalBytes }) => { steps.push(sentBytes); total = totalBytes; },
  });
  await logout(client);
  const after = await named(client.get('/api/v1/me'));
  const ai = studies.map(({ study }) => study.ai);
  return { wrong, aborted, steps, total, ai, statuses: studies.map(({ report }) => report.status), after };
}"""
