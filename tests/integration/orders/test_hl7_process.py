"""The listener as a process: ready, killed in the midst of messages, begun again; nothing is lost or done twice."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ordering import END, VT, answer, code, free_port, order
from sqlalchemy import select

from stored import put_study
from wetread.cli.hl7 import hl7
from wetread.errors import ConfigurationError
from wetread.store.tables import messages, orders

KILLED_AT = {5, 9, 15, 20, 25} if os.environ.get("WETREAD_MEASURE") == "full" else {7}
PROGRAM = """
from wetread import cli
from wetread.cli.hl7 import hl7

if not any(one.name == "hl7" for one in cli.app.registered_commands):
    cli.app.command("hl7")(hl7)
cli.main()
"""


class Process:
    """`wetread hl7` over a database, on a port that stays its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.port, self.child = folder, url, free_port(), None

    def start(self):
        words = ["-c", PROGRAM, "hl7", "--data", str(self.folder / "data"), "--database", self.url]
        with (self.folder / "hl7.log").open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, *words, "--listen", f"127.0.0.1:{self.port}"], stderr=log, cwd=self.folder
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.child.poll() is None, (self.folder / "hl7.log").read_text()[-2000:]
            time.sleep(0.05)

    def end(self, how=signal.SIGKILL):
        if self.child is not None:
            self.child.send_signal(how)
            self.child.wait(20)
        return self.child.returncode

    def send(self, data):
        """The code that it answers with; None where it hung up."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as peer:
                peer.sendall(VT + data + END)
                return code(answer(peer))
        except OSError:
            return None


@pytest.fixture
def process(tmp_path, database_url):
    made = Process(tmp_path, database_url)
    made.start()
    yield made
    if made.child.poll() is None:
        made.end()


def test_a_listener_that_is_killed_loses_nothing_does_nothing_twice_and_ends_in_order(process, database):
    sent = [order(f"P{n}", control=str(n), accession=f"A{n}", patient=str(n)) for n in range(30)]
    put_study(database, "a" * 32, status="queued", accession_number="A3", patient_id="3", modalities="")
    for number, data in enumerate(sent):
        if number in KILLED_AT:
            with socket.create_connection(("127.0.0.1", process.port), timeout=10) as peer:
                peer.sendall(VT + data + END)  # killed while it may be at work
                os.kill(process.child.pid, signal.SIGKILL)
            process.child.wait(10)
            process.start()
        while process.send(data) != "AA":
            time.sleep(0.05)
    for data in sent:
        assert process.send(data) == "AA"
    with database.read() as connection:
        assert len(connection.execute(select(messages)).all()) == 30
        states = [row.state for row in connection.execute(select(orders)).all()]
    assert sorted(states) == ["matched", *["open"] * 29]
    assert process.end(signal.SIGTERM) == 0
    assert "listening for HL7 on 127.0.0.1" in (process.folder / "hl7.log").read_text()


def test_without_an_address_it_says_which_setting_is_missing(tmp_path):
    with pytest.raises(ConfigurationError, match=r"service\.hl7\.listen"):
        hl7(data=tmp_path / "data")
    assert not (tmp_path / "data").exists()
