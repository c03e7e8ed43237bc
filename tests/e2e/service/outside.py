"""The world around a service under test: a provider that is paid by the call, a destination that counts."""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Outside:
    """What the provider was asked and the destination was given, with times (monotonic seconds)."""

    answer_s: float = 0.1
    presence: str = "absent"
    calls: list[tuple[str, float, float]] = field(default_factory=list)  # pictures, asked at, answered at
    posts: list[tuple[str, str, float]] = field(default_factory=list)  # report, study, at
    taken: dict[str, str] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)  # paths that are out of service
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "Outside":
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path in outside.down:
                    self.send_error(503)
                    return
                answer = outside.read(told) if self.path == "/read" else outside.deliver(told)
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                if self.path == "/read":
                    outside.answered(told["pictures"])

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):  # whoever asked was killed meanwhile
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.begun: dict[str, list[float]] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def read(self, told: dict) -> dict:
        with self.lock:
            self.begun.setdefault(told["pictures"], []).append(time.monotonic())
        time.sleep(self.answer_s)
        return {"presence": self.presence}

    def answered(self, pictures: str) -> None:
        with self.lock:
            self.calls.append((pictures, self.begun[pictures][-1], time.monotonic()))

    def deliver(self, told: dict) -> dict:
        with self.lock:
            self.posts.append((told["report"], told["study"], time.monotonic()))
            reference = self.taken.setdefault(told["report"], f"n{len(self.taken) + 1}")
        return {"reference": reference}

    def wait_for_deliveries(self, count: int, *, within_s: float = 60) -> None:
        until = time.monotonic() + within_s
        while len(self.taken) < count and time.monotonic() < until:
            time.sleep(0.2)

    def deliveries_by_study(self) -> Counter:
        """Documents taken, by study: a report that comes again under its own id is not taken again."""
        with self.lock:
            return Counter({report: study for report, study, _ in self.posts}.values())
