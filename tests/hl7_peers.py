"""HL7 receivers for tests: one by python-hl7 that answers as it is told, and the independent listener."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hl7
import pytest
from hl7.mllp import start_hl7_server

START_S = 20.0
Answer = Callable[[hl7.Message], bytes | None]


def accepting(message: hl7.Message) -> bytes:
    """AA for the message's own control id."""
    return str(message.create_ack("AA")).encode("utf-8")


def answering(code: str, control_id: str | None = None, tail: str = "") -> Answer:
    """An acknowledgement with that code."""

    def answer(message: hl7.Message) -> bytes:
        told = control_id or str(message.segment("MSH")[10])
        return f"MSH|^~\\&|RIS|N|WETREAD|N|20260304||ACK^R01^ACK|1|P|2.5.1\rMSA|{code}|{told}\r{tail}".encode()

    return answer


class Receiver:
    """A receiver in a thread of its own: what it was sent, and what it answers. None hangs up, b"" stays silent."""

    def __init__(self, answer: Answer = accepting, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.received: list[bytes] = []
        self.port = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Receiver":
        self._thread.start()
        assert self._up.wait(START_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)

    def messages(self) -> list[hl7.Message]:
        """What was received, parsed."""
        return [hl7.parse(one.decode("utf-8")) for one in self.received]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = start_hl7_server(self._serve, "127.0.0.1", 0, limit=64 << 20, ssl=self._tls)
        server = self._loop.run_until_complete(start)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: object, writer: object) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            block = await reader.readblock()
            self.received.append(block)
            told = self.answer(hl7.parse(block.decode("utf-8")))
            if told is None:
                writer.close()
            elif told == b"":
                await asyncio.sleep(START_S)
            elif told.startswith(b"raw:"):
                writer.write(told.removeprefix(b"raw:"))
                await writer.drain()
                writer.close()
            else:
                writer.writeblock(told)
                await writer.drain()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Listener:
    """The independent listener of the checkers: another implementation in another language."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.port = port
        self._process = process
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def seen(self, count: int) -> list[dict[str, object]]:
        """What it printed of the messages it parsed, once there are that many."""
        end = time.monotonic() + START_S
        while len(self._lines) < count and time.monotonic() < end:
            time.sleep(0.05)
        return [json.loads(line) for line in self._lines]

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self._lines.append(line)


@contextlib.contextmanager
def independent_listener() -> Iterator[Listener]:
    """The listener on a port of its own; skips where it or node is not installed."""
    folder = Path(os.environ.get("WETREAD_CHECKS", Path(__file__).parents[2] / "checks-env"))
    node, script = shutil.which("node"), folder / "hl7_listener.cjs"
    if node is None or not script.is_file():
        pytest.skip("node and the independent HL7 listener ($WETREAD_CHECKS) are not here")
    port = free_port()
    process = subprocess.Popen(
        [node, script.name, str(port), "120"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        _await_port(port)
        yield Listener(process, port)
    finally:
        process.kill()
        process.wait()


def _await_port(port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the listener did not start")
