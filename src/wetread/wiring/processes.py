"""The processes of the service: started together, each started again when it ends, none left behind."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from wetread.errors import ConfigurationError

log = structlog.wrap_logger(logging.getLogger("wetread.processes"))
PARENT = "WETREAD_PARENT"
LOOK_EVERY_S = 0.05
PARENT_LOOK_S = 0.5
STEADY_S = 3.0  # a process that lived this long is begun again at once
FIRST_REST_S, LONGEST_REST_S = 0.2, 30.0
STOP_WITHIN_S = 20.0
USAGE = 2


@dataclass(slots=True)
class Process:
    """One process to keep alive: its name for people and the words of its command line after `wetread`."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)  # for what must not stand in a list of processes
    child: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    rest_s: float = FIRST_REST_S
    begin_at_s: float = 0.0
    was_steady: bool = False


@dataclass(slots=True)
class Crew:
    """Keeps its processes alive until it is told to stop. Use `run` in the main thread."""

    processes: Sequence[Process]
    program: tuple[str, ...] = (sys.executable, "-m", "wetread")
    clock_s: Callable[[], float] = time.monotonic
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Start all, begin again whatever ends, until a signal says stop; returns the exit code.

        A process that refuses its settings at its very start ends the whole: beginning it again would not help.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        code = 0
        try:
            while not self.stopping.is_set() and code == 0:
                code = max((self._tend(process) for process in self.processes), default=0)
                self.stopping.wait(LOOK_EVERY_S)
        finally:
            self._stop_all()
        return code

    def _tend(self, process: Process) -> int:
        now = self.clock_s()
        if process.child is None:
            if now >= process.begin_at_s:
                process.child = _begin(self.program, process)
                process.started_s = now
            return 0
        ended = process.child.poll()
        lived_s = now - process.started_s
        process.was_steady |= lived_s > STEADY_S
        if ended is None:
            return 0
        if ended == USAGE and not process.was_steady:
            return USAGE
        process.child = None
        broke_down = ended > 0 and lived_s < STEADY_S  # what was killed from outside is begun again at once
        process.rest_s = min(process.rest_s * 2, LONGEST_REST_S) if broke_down else FIRST_REST_S
        process.begin_at_s = now + process.rest_s
        log.warning("process ended, it is begun again", process=process.name, code=ended, lived_s=round(lived_s, 1))
        return 0

    def _stop_all(self) -> None:
        living = [process.child for process in self.processes if process.child and process.child.poll() is None]
        for child in living:
            child.terminate()
        until = self.clock_s() + STOP_WITHIN_S
        for child in living:
            try:
                child.wait(max(0.1, until - self.clock_s()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _begin(program: tuple[str, ...], process: Process) -> subprocess.Popen[bytes]:
    """The child keeps our stderr; it ends by itself when we are gone (`end_with_parent`)."""
    return subprocess.Popen(  # noqa: S603 - our own program, words built by us
        [*program, *process.words],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **process.environment, PARENT: str(os.getpid())},
    )


def end_with_parent() -> None:
    """In a process of the service: end when the one that started it is gone, even if that was killed."""
    parent = os.environ.get(PARENT)
    if not parent:
        return

    def look() -> None:
        while os.getppid() == int(parent):
            time.sleep(PARENT_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_WITHIN_S)
        os._exit(1)

    threading.Thread(target=look, daemon=True, name="parent").start()


def host_and_port(address: str, what: str) -> tuple[str, int]:
    """HOST:PORT as two; port 0 becomes a free port, so that a process begun again finds the same.

    Raises: ConfigurationError.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError(f"{what} {address!r} is no HOST:PORT, such as 127.0.0.1:8080")
    if int(port):
        return host, int(port)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as finder:
        finder.bind((host.strip("[]"), 0))
        return host, int(finder.getsockname()[1])
