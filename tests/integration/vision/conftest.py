"""Third-party fake providers over real sockets: llmock (its own fixture), aimock, and a recorder for the rest."""

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_providers import AIMOCK, Aimock, Recorder

from wetread.privacy.gate import _Seen


@pytest.fixture
def aimock(tmp_path: Path) -> Iterator[Callable[..., Aimock]]:
    """Starts an aimock that answers everything with these responses, in turn by the depth of the conversation."""
    node = shutil.which("node")
    if node is None or not AIMOCK.is_file():
        pytest.skip("aimock is not here: it needs Node and scripts/install-fakes")
    running: list[subprocess.Popen[str]] = []

    def start(*responses: dict, flags: tuple[str, ...] = ()) -> Aimock:
        folder = tmp_path / f"fixtures{len(running)}"
        folder.mkdir()
        rows = [{"match": {"turnIndex": turn}, "response": one} for turn, one in enumerate(responses)]
        (folder / "answers.json").write_text(json.dumps({"fixtures": rows}))
        command = [node, str(AIMOCK), "--port", "0", "--fixtures", str(folder), *flags]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        running.append(child)
        for line in child.stdout:
            if "listening on" in line:
                return Aimock(line.rsplit(" ", 1)[1].strip())
        raise RuntimeError("aimock did not start")

    yield start
    for child in running:
        child.kill()
        child.wait()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    peer = Recorder()
    yield peer
    peer.close()


@pytest.fixture
def silent_port() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="session")
def looked_at() -> _Seen:
    return _Seen()


@pytest.fixture
def one_look(looked_at: _Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are looked at for text once in all tests: gates of the same settings share what they saw."""
    monkeypatch.setattr("wetread.privacy.gate._Seen", lambda: looked_at)


@pytest.fixture
def tap(llmock, recorder) -> Recorder:
    """A recorder in front of llmock: every byte that leaves is kept, whatever its size."""

    def forward(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        passed = {k: v for k, v in headers.items() if k.lower() not in {"host", "content-length", "connection"}}
        asked = urllib.request.Request(llmock.url + path, data=body, headers=passed)
        with urllib.request.urlopen(asked) as answered:
            return answered.status, {}, answered.read()

    recorder.answer = forward
    return recorder
