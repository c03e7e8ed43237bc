"""A site where three readers look at each study: one of the house, one that may break, one that speaks as a model does.

The readers from outside and the destination live in `Outside`; what they say and whether they work is the test's.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from reading_room import BUILT, CHROMIUM, Site, Watch, api, log_in, new_context
from service.running import Running, free_port

FILMS = files("wetread.demo_studies")
ROLES = {
    "rad": ["radiologist"],
    "tech": ["technologist"],
    "op": ["operator"],
    "aud": ["auditor"],
    "adm": ["admin"],
}
HOSTILE = "</pre><script>document.title='owned'</script><img src=x onerror=alert(1)> \u202eback\u202c"
SETTINGS = """
default_readers = ["three"]
budget_usd_per_day = 5.0
log_level = "warning"
[panels.three]
readers = ["embedded", "paid", "local"]
votes = {{ local = 1.5 }}
[readers.local]
kind = "vision"
provider = "openai-compatible"
dialect = "vllm"
model_id = "qwen2.5-vl"
base_url = "{outside}/v1"
retries = 0
passes = 1
price_input_usd = 2.0
price_output_usd = 8.0
[egress]
data_class = "synthetic"
[service]
pages = {pages}
[service.completeness]
quiet_s = 0.5
closed_quiet_s = 0.2
[service.listener]
min_free_bytes = 0
[service.flow]
studies_at_once = 2
attempts = 2
heartbeat_s = 0.5
stale_after_s = 10.0
retry_first_s = 0.2
[service.hl7]
listen = "127.0.0.1:{hl7}"
[service.destinations.counting]
kind = "counting"
"""


def model_answer(presence: str = "present") -> dict:
    """What the model says of a chest film: one finding with a box, in words that would like to be a page."""
    found = {
        "code": "wr:pneumothorax", "presence": presence, "confidence": 80, "side": "left", "image": 1, "grid": "none",
        "box": [600, 100, 900, 400], "location": "", "severity": "not_stated", "size_mm": None, "change": "not_stated",
        "rationale": HOSTILE, "critical": False,
    }  # fmt: skip
    return {
        "quality": {"grade": "diagnostic", "issues": []}, "findings": [found], "absent": ["wr:pneumonia"],
        "not_assessable": [], "other_findings": [], "urgency": "not_stated",
        "impression": [{"text": f"Pneumothorax. {HOSTILE}", "codes": ["wr:pneumothorax"]}], "differential": [],
        "recommendations": [], "abstain": None,
    }  # fmt: skip


@dataclass
class Outside:
    """What lies outside the house. `down` are paths that are out of service."""

    down: set[str] = field(default_factory=set)

    def __enter__(self) -> "Outside":
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path in outside.down:
                    self.send_error(503)
                    return
                told = json.dumps(outside.answer(self.path, body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str, body: dict) -> dict:
        if path == "/read":
            return {"presence": "absent"}
        if path == "/deliver":
            return {"reference": f"taken-{body['report'][-6:]}"}
        said = {"role": "assistant", "content": json.dumps(model_answer())}
        return {
            "id": "1", "object": "chat.completion", "created": 0, "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": said}],
            "usage": {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290},
        }  # fmt: skip


@dataclass
class Panel:
    """The site, what is outside of it, and one film that all three readers have read."""

    site: Site
    outside: Outside
    hl7: int
    film: str = ""

    def send(self, name: str = "film-00003940.dcm", **tags: str) -> str:
        """A film of a patient of its own, read by whoever of the three works; its study_id."""
        return self.site.send(Path(str(FILMS / name)), within_s=180, **tags)

    def wait_for(self, path: str, met: Callable, *, within_s: float = 60) -> dict:
        """What the service says at `path`, once `met` holds of it."""
        until = time.monotonic() + within_s
        while not met(told := self.site.get(path)):
            assert time.monotonic() < until, f"{path} still says {told}\n{self.site.running.log[-2000:]}"
            time.sleep(0.2)
        return told


@dataclass
class Desk:
    """A person's browser window at the panel's site; everything in it is watched."""

    context: BrowserContext
    page: Page
    watch: Watch
    site: Site

    def api(self, method: str, path: str, **body) -> dict:
        """A call as this person."""
        return api(self.context, self.site, method, path, **body)


class Slow(Running):
    """The service on a machine that has much else to do."""

    def wait_ready(self, within_s: float = 180) -> None:
        super().wait_ready(within_s)


@pytest.fixture(scope="session")
def panel(tmp_path_factory):
    """The site with everybody's account: `chief` by the command line, the others by the API."""
    if not BUILT.is_file() or CHROMIUM is None:
        pytest.skip("the pages are not built (scripts/build-web), or no Chromium is installed")
    hl7 = free_port()
    with Outside() as outside:
        told = SETTINGS.format(outside=outside.url, pages=json.dumps(str(BUILT.parent)), hl7=hl7)
        running = Slow(tmp_path_factory.mktemp("panel") / "site", outside.url, settings=told)
        site = Site(running)
        try:
            running.__enter__()
            site.add_people(ROLES)
            made = Panel(site, outside, hl7)
            made.film = made.send(PatientName="Doe^Jane")
            yield made
        finally:
            site.stop()


@pytest.fixture
def desk(browser, panel):
    """`desk("chief")`: a watched window of that person. At the end no window may have complained."""
    opened: list[Desk] = []

    def sit_down(login: str = "chief", *, fresh: bool = False) -> Desk:
        context, watch = new_context(browser, panel.site), Watch(panel.site.url)
        context.on("page", watch.on)
        log_in(context, panel.site, login, fresh=fresh)
        made = Desk(context, context.new_page(), watch, panel.site)
        opened.append(made)
        return made

    yield sit_down
    for one in opened:
        one.context.close()
    for one in opened:
        one.watch.check()
