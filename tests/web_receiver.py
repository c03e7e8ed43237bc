"""A web server for tests that takes what is posted to it."""

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Posted:
    """One request: its path, headers in lower case, body."""

    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class WebReceiver:
    """Answers every POST with `status`, after `wait_s`, with `extra` headers and `body` (None: bytes without end)."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.wait_s = 0.0
        self.extra: dict[str, str] = {}
        self.body: bytes | None = b""
        self.posted: list[Posted] = []

    def __enter__(self) -> "WebReceiver":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.posted.append(Posted(self.path, headers, body))
                time.sleep(outer.wait_s)
                try:
                    self.send_response(outer.status)
                    for name, value in outer.extra.items():
                        self.send_header(name, value)
                    self.end_headers()
                    for _ in range(1 if outer.body is not None else 1000):
                        self.wfile.write(outer.body if outer.body is not None else b"x" * 65536)
                except ConnectionError:
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/reports"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
