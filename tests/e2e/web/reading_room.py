"""A real service with real studies, and a real Chromium that looks at its pages and complains of everything."""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pydicom
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright
from pydicom.uid import generate_uid
from service.running import Running

ROOT = Path(__file__).parents[3]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
BUILT = Path(os.environ.get("WETREAD_PAGES") or ROOT / "src/wetread/server/pages") / "index.html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             "--no-first-run", "--disable-sync")  # fmt: skip
LANES = {
    "cpu": ("--disable-gpu", "--disable-3d-apis"),
    "gpu": ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
}
"""Two ways of drawing: no WebGL at all, and WebGL by SwiftShader."""
PASSWORD = "wide-awake-at-night"
PEOPLE = {
    "rad": ("radiologist",),
    "rad2": ("radiologist",),
    "tech": ("technologist",),
    "chief": ("radiologist", "operator", "auditor", "admin"),
}
SETTINGS = """
log_level = "warning"
[service.completeness]
quiet_s = 0.5
closed_quiet_s = 0.2
[service.listener]
min_free_bytes = 0
[service.flow]
studies_at_once = 2
heartbeat_s = 0.5
stale_after_s = 10.0
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Site:
    """The service behind the pages. Studies of a test are its own: sent with new UIDs."""

    running: Running
    sent: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, list] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.http}"

    @classmethod
    def start(cls, folder: Path, settings: str = SETTINGS) -> "Site":
        pages = f"[service]\npages = {json.dumps(str(BUILT.parent))}\n"
        running = Running(folder, "http://127.0.0.1:9", settings=settings.replace("[service.", pages + "[service.", 1))
        running.__enter__()
        site = cls(running)
        site.add_people({login: roles for login, roles in PEOPLE.items() if login != "chief"})
        return site

    def add_people(self, people: Mapping[str, Sequence[str]]) -> None:
        """Accounts: `chief` by the command line, these people by the API, as the chief would."""
        roles = [word for role in PEOPLE["chief"] for word in ("--role", role)]
        self.running.ask("user", "add", "chief", *roles, "--name", "Chief", "--password-stdin", given=PASSWORD + "\n")
        with httpx2.Client(base_url=f"{self.url}/api/v1", timeout=60) as chief:
            told = chief.post("/login", json={"login": "chief", "password": PASSWORD}).raise_for_status().json()
            for login, held in people.items():
                person = {"login": login, "name": login.title(), "roles": list(held), "password": PASSWORD}
                chief.post("/users", json=person, headers={"X-CSRF-Token": told["csrf"]}).raise_for_status()

    def stop(self) -> None:
        self.running.__exit__()

    def send(self, *files: Path | pydicom.Dataset, within_s: float = 90, **tags: str) -> str:
        """Upload one study with UIDs of its own (and these attributes), wait until it is read; its study_id.

        `PatientName`, `PatientID`, … go into every object. Without a PatientID the patient is a new one.
        """
        renamed: dict[str, str] = {}
        given = {"PatientID": f"P-{generate_uid()[-8:]}", **tags}
        parts = []
        for number, file in enumerate(files):
            ds = file if isinstance(file, pydicom.Dataset) else pydicom.dcmread(file)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
                if name in ds:
                    setattr(ds, name, renamed.setdefault(str(ds[name].value), generate_uid()))
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            for name, value in given.items():
                setattr(ds, name, value)
            target = self.running.folder / f"send-{number}-{ds.SOPInstanceUID[-12:]}.dcm"
            ds.save_as(target)
            parts.append(target)
        return self.upload(*parts, within_s=within_s)

    def upload(self, *paths: Path, within_s: float = 90) -> str:
        """Upload files as they are; the study_id once AI is through with it."""
        head = {"Authorization": f"Bearer {self.running.token}"}
        files = [("files", (path.name, path.read_bytes())) for path in paths]
        with httpx2.Client(base_url=self.url, headers=head, timeout=60) as client:
            arrival = client.post("/api/v1/uploads", files=files).raise_for_status().json()["arrival_id"]
            until = time.monotonic() + within_s
            while time.monotonic() < until:
                told = client.get(f"/api/v1/uploads/{arrival}").json()
                for study_id in told.get("study_ids", []):
                    row = client.get(f"/api/v1/studies/{study_id}").json()
                    if row["status"] in {"reported", "failed", "held", "signed"}:
                        return study_id
                time.sleep(0.2)
        raise AssertionError(f"not read within {within_s} s: {told}\n{self.running.log[-3000:]}")

    def get(self, path: str) -> dict:
        return self.running.get(path)


@dataclass
class Watch:
    """What a page did that it must not: it is asked at the end of each test.

    A test that provokes a refusal says so first: `watch.expect(409)`; then that status may show in the console.
    """

    home: str
    seen: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def expect(self, *statuses: int) -> None:
        self.statuses.update(statuses)

    def on(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda problem: self.seen.append(f"page error: {problem}"))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} and "Content Security Policy" not in message.text:
            return
        if any(f"status of {status}" in message.text for status in self.statuses):
            return
        self.seen.append(f"console {message.type}: {message.text}")

    def _request(self, url: str) -> None:
        if url.startswith(("blob:", "data:", "about:")):
            return
        if urlsplit(url).netloc != urlsplit(self.home).netloc:
            self.seen.append(f"request off the host: {url}")

    def check(self) -> None:
        assert not self.seen, "\n".join(self.seen)


def open_browser(playwright: Playwright, lane: str = "cpu") -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *LANES[lane]])


def new_context(browser: Browser, site: Site, **options) -> BrowserContext:
    return browser.new_context(**{"base_url": site.url, "viewport": {"width": 1600, "height": 900}, **options})


def log_in(context: BrowserContext, site: Site, login: str = "rad", *, fresh: bool = False) -> None:
    """A session in the context's cookies, without the login page. `fresh`: one of its own, that may be ended."""
    if fresh or login not in site.cookies:
        told = context.request.post(f"{site.url}/api/v1/login", data={"login": login, "password": PASSWORD})
        assert told.ok, told.text()
        if not fresh:
            site.cookies[login] = context.cookies()
    else:
        context.add_cookies(site.cookies[login])


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds on the page as it is once it stands, by WCAG 2.2 AA and its best practices."""
    page.locator("main").first.wait_for()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    told = page.evaluate("([within, rules]) => axe.run(within ?? document, {runOnly: rules})", [within, RULES])
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in told["violations"]
        for node in one["nodes"]
    ]


def api(context: BrowserContext, site: Site, method: str, path: str, **body) -> dict:
    """A call as the person who is logged in there."""
    csrf = context.request.get(f"{site.url}/api/v1/session").json()["csrf"]
    told = context.request.fetch(
        f"{site.url}/api/v1{path}", method=method, headers={"X-CSRF-Token": csrf, "content-type": "application/json"},
        data=json.dumps(body) if body else None,
    )  # fmt: skip
    assert told.ok, f"{told.status} {told.text()}"
    return told.json() if told.body() else {}
