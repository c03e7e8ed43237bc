"""What the tests against fake providers share: where each speaks which wire format, and a peer that records."""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from wetread.settings import VisionSettings

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
        self.answer: Callable[[str, bytes], tuple[int, dict[str, str], bytes]] = lambda *_: (200, {}, b"{}")
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
                status, headers, content = recorder.answer(self.path, body)
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

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
