"""What the tests against fake providers share: where each speaks which wire format, and a peer that records."""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from wetread import wiring
from wetread.settings import Settings, VisionSettings

AIMOCK = Path(__file__).parents[2] / "fakes/node_modules/@copilotkit/aimock/dist/cli.js"
PATHS = {  # provider of the settings → (provider of llmock, path of llmock, path of aimock)
    "openai": ("openai", "/v1", "/v1"),
    "openai-responses": ("openai", "/v1", "/v1"),
    "anthropic": ("anthropic", "/anthropic", ""),
    "google": ("gemini", "/gemini", ""),
    "openai-compatible": ("openai", "/v1", "/v1"),
}
MODEL_IDS = {
    "openai": "gpt-4.1",
    "openai-responses": "gpt-4.1",
    "anthropic": "claude-sonnet-4-5",
    "google": "gemini-2.5-flash",
    "openai-compatible": "qwen2.5-vl",
}


def vision(provider: str, base_url: str, **more: object) -> VisionSettings:
    """Settings of a reader at a fake."""
    facts = {"kind": "vision", "provider": provider, "model_id": MODEL_IDS[provider], "base_url": base_url, **more}
    return VisionSettings.model_validate(facts)


class Aimock:
    """A running aimock with what it saw."""

    def __init__(self, url: str) -> None:
        self.url = url

    def journal(self) -> list[dict]:
        with urllib.request.urlopen(f"{self.url}/__aimock/journal") as answer:
            found = json.load(answer)
        return found["entries"] if isinstance(found, dict) else found


class Recorder:
    """An HTTP peer of the test's own for what the fakes can't do: it records requests and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[..., tuple[int, dict[str, str], bytes]] = lambda *_: (200, {}, b"{}")
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.handle_it()

            def do_GET(self) -> None:
                self.handle_it()

            def handle_it(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                recorder.requests.append((self.command, self.path, dict(self.headers), body))
                status, headers, content = recorder.answer(self.path, body, dict(self.headers))
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def sent(self) -> str:
        """The bodies of all requests."""
        return " ".join(body.decode("utf-8", "replace") for *_, body in self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


FILM = Path(__file__).parents[3] / "src/wetread/demo_studies/film-00012975.dcm"


def finding(code: str, presence: str = "present", **more: object) -> dict:
    """One row of an answer, as the schema wants it."""
    row = {
        "code": code,
        "presence": presence,
        "confidence": None,
        "side": "not_stated",
        "image": 1,
        "grid": "none",
        "box": [],
        "location": "",
        "severity": "not_stated",
        "size_mm": None,
        "change": "not_stated",
        "rationale": "",
        "critical": False,
    }
    return {**row, **more}


def answer(*findings: dict, **more: object) -> dict:
    """An answer of a vision model that follows the schema."""
    whole = {
        "quality": {"grade": "diagnostic", "issues": []},
        "findings": list(findings),
        "absent": ["wr:pneumonia", "wr:pneumomediastinum"],
        "not_assessable": [],
        "other_findings": [],
        "urgency": "not_stated",
        "impression": [],
        "differential": [],
        "recommendations": [],
        "abstain": None,
    }
    return {**whole, **more}


def site(folder: Path, **readers: dict) -> Settings:
    """A site's settings with readers at fakes; everything it keeps lies in `folder`."""
    rows = {
        name: {"kind": "vision", **row} for name, row in readers.items() if isinstance(row, dict) and "provider" in row
    }
    rest = {name: row for name, row in readers.items() if name not in rows}
    return Settings.model_validate({"readers": rows, "data_dir": folder / "data", **rest})


def at(llmock, provider: str, **more: object) -> dict:
    """A reader at llmock, or at a tap in front of it, as a row of the settings."""
    return {
        "provider": provider,
        "model_id": MODEL_IDS[provider],
        "base_url": llmock.url + PATHS[provider][1],
        "retries": 2,
        "timeout_s": 8,
        **more,
    }


def reports(settings: Settings, *names: str, films: tuple[Path, ...] = (FILM,), context: Path | None = None) -> list:
    """The studies' reports, through everything between a file and a report."""
    declared = wiring.declare(modality="DX", body_part="CHEST", projection="PA")
    with (
        wiring.open_desk(settings, readers=names, output="json") as room,
        wiring.open_source(settings, declared) as source,
    ):
        studies = list(source.studies(films))
        return list(wiring.read_all(room, studies, wiring.open_context(context)))
