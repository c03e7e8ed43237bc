"""Senders that break the protocol, fall silent or die: they harm themselves, nothing stays of them."""

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wetread.intake.listener import Listener
from wetread.intake.spool import Spool, is_abandoned, is_closed, objects_in
from wetread.settings import ListenerSettings

from .sender import CT_CLASS, EXPLICIT, Caller, House, associate_rq, dataset_of, pdv, store_rq

Open = Callable[..., House]
VALID = associate_rq(b"CALLER", b"WETREAD", ((CT_CLASS, EXPLICIT),)) + b"".join((
    pdv(1, store_rq(b"1.2.3")),
    pdv(1, b"half", command=False, last=False),
    pdv(1, b"whole", command=False),
    struct.pack(">BxLL", 5, 4, 0),
))  # fmt: skip
ENDLESS = VALID[: -len(pdv(1, b"whole")) - 10] + struct.pack(">BxLLBB", 4, 2**32 - 1, 2**32 - 5, 1, 0) + bytes(9000)
UNPARSABLE = b"\x00\x00\x00\x01\xff\xff\xff\xff"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(pdv(3, store_rq(b"1.2")), id="a context that was never accepted"),
        pytest.param(pdv(1, UNPARSABLE), id="a command that can't be parsed"),
        pytest.param(pdv(1, b""), id="an empty command"),
        pytest.param(pdv(1, b"data first", command=False), id="data without a command"),
        pytest.param(pdv(1, store_rq(b"1.2")) * 2, id="a command where data should come"),
        pytest.param(pdv(1, bytes(20_000), last=False) * 2, id="a command without end"),
        pytest.param(struct.pack(">BxL", 4, 0), id="an empty PDU"),
        pytest.param(struct.pack(">BxLLBB", 4, 6, 900, 1, 3), id="a value larger than its PDU"),
        pytest.param(struct.pack(">BxLLBB", 4, 6, 0, 1, 3), id="a value of no length"),
        pytest.param(struct.pack(">BxL", 0x42, 4) + b"what", id="a PDU of no known type"),
        pytest.param(struct.pack(">BxL", 1, 2**32 - 1), id="an endless second request"),
        pytest.param(associate_rq(b"A", b"B", ((CT_CLASS, EXPLICIT),)), id="a second request"),
        pytest.param(struct.pack(">BxLL", 6, 4, 0), id="an answer to a release nobody asked for"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="another protocol"),
    ],
)
def test_who_breaks_the_protocol_is_shown_out(listening: Open, words: bytes) -> None:
    house = listening()
    honest, rude = house.dial(), house.dial()
    honest.associate()
    rude.associate()
    rude.socket.sendall(words)
    assert rude.closed()
    assert honest.store(b"data") == 0
    honest.release()
    assert house.is_quiet()
    assert len(house.files()) == 1


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01", id="one byte"),
        pytest.param(VALID[:40], id="half a request"),
        pytest.param(VALID[:-10], id="no release"),
        pytest.param(VALID[:-40], id="half an object"),
        pytest.param(ENDLESS, id="a PDU of 4 GiB that never comes"),
    ],
)  # fmt: skip
def test_who_falls_silent_is_shown_out_in_time(listening: Open, words: bytes) -> None:
    house = listening(network_timeout_s=0.6)
    caller = house.dial()
    caller.socket.sendall(words)
    assert caller.closed()
    assert house.is_quiet()
    assert not [file for file in house.files() if file.suffix == ".part"]


def test_who_drips_its_request_is_shown_out_in_time(listening: Open) -> None:
    house = listening(network_timeout_s=1.0)
    caller = house.dial()
    began = time.monotonic()

    def drip() -> None:
        for byte in VALID[:200]:
            caller.socket.sendall(bytes([byte]))
            time.sleep(0.05)

    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        drip()
    assert time.monotonic() - began < 5
    assert house.is_quiet()


def test_a_sender_that_dies_leaves_its_whole_objects_and_no_half_one(listening: Open) -> None:
    house = listening()
    caller = house.dial()
    caller.associate()
    assert caller.store(b"whole") == 0
    caller.socket.sendall(pdv(1, store_rq(b"1.2.9")) + pdv(1, b"half", command=False, last=False))
    caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.socket.close()
    assert house.is_quiet()
    assert [dataset_of(file) for file in house.files()] == [b"whole"]
    assert is_closed(house.objects()[0].parent)


def test_garbage_of_any_kind_leaves_the_listener_as_it_was(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    quick = ListenerSettings(min_free_bytes=0, network_timeout_s=0.5)
    listener = Listener(Spool(root), quick, ("127.0.0.1", 0))
    listener.start()
    house = House(listener, root)
    house.dial().associate()
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=300), st.integers(0, len(VALID)), st.integers(0, 2**31), st.booleans())
    def throw(noise: bytes, place: int, seed: int, keeps_length: bool) -> None:
        words = bytearray(VALID)
        words[place : place + (len(noise) if keeps_length else 0)] = noise
        for _ in range(random.Random(seed).randrange(4)):
            words[random.Random(seed).randrange(len(words))] ^= 1 << seed % 8
        with socket.create_connection((house.host, house.port), 5) as sock:
            sock.sendall(words)

    throw()
    assert house.is_quiet(20.0)
    good = house.dial()
    assert good.associate()[0] == 2
    assert good.store(b"data") == 0
    good.release()
    assert house.is_quiet()
    listener.stop(0.0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dicom")]
    assert len(os.listdir("/proc/self/fd")) <= open_before  # noqa: PTH208
    assert not list(root.rglob("*.part"))


LISTEN = """
import sys, typer
from wetread.cli.listen import listen
app = typer.Typer()
app.command()(listen)
sys.exit(app(standalone_mode=False) or 0)
"""


def start_listening(data: Path, **settings: str) -> tuple[subprocess.Popen[str], int]:
    """The verb in a process of its own, and its port."""
    child = subprocess.Popen(
        [sys.executable, "-c", LISTEN, "--data", str(data), "--dicom", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WETREAD_SERVICE__LISTENER__MIN_FREE_BYTES": "0", **settings},
    )
    assert child.stderr is not None
    line = child.stderr.readline()
    assert line.startswith("listening for DICOM on 127.0.0.1:"), line
    assert line.endswith(" as AE WETREAD\n")
    return child, int(line.split()[4].rpartition(":")[2])


def test_a_killed_listener_has_every_object_it_acknowledged(tmp_path: Path) -> None:
    child, port = start_listening(tmp_path)
    acknowledged: dict[int, list[str]] = {n: [] for n in range(3)}

    def send(number: int) -> None:
        caller = Caller("127.0.0.1", port)
        caller.associate()
        for n in range(10_000):
            name = f"1.2.{number}.{n}"
            if caller.store(name.encode() * 5000, instance=name.encode()) == 0:
                acknowledged[number].append(name)

    def send_until_it_dies(number: int) -> None:
        try:
            send(number)
        except OSError:
            return

    senders = [threading.Thread(target=send_until_it_dies, args=(n,)) for n in acknowledged]
    for sender in senders:
        sender.start()
    while sum(map(len, acknowledged.values())) < 40:
        time.sleep(0.001)
    child.kill()
    child.wait()
    for sender in senders:
        sender.join()
    arrivals = list(Spool(tmp_path / "spool").arrivals())
    kept = [dataset_of(file) for folder in arrivals for file in objects_in(folder)]
    assert len(arrivals) == 3
    assert all(is_abandoned(folder) for folder in arrivals)
    wanted = {name.encode() * 5000 for names in acknowledged.values() for name in names}
    assert wanted <= set(kept)
    assert all(data == data[: len(data) // 5000] * 5000 for data in kept)
    assert child.stderr is not None
    child.stderr.close()


def test_the_verb_stops_at_a_signal_and_says_nothing_of_patients(tmp_path: Path) -> None:
    child, port = start_listening(tmp_path)
    caller = Caller("127.0.0.1", port)
    caller.associate()
    assert caller.store(b"DOE^JANE", instance=b"1.2.77777") == 0
    child.terminate()
    _, said = child.communicate(timeout=10)
    assert child.returncode == 0
    assert caller.closed()
    assert "DOE" not in said
    assert "1.2.77777" not in said
    (folder,) = Spool(tmp_path / "spool").arrivals()
    assert is_closed(folder)


def test_two_processes_share_the_port_and_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "wetread", "listen", "--data", str(tmp_path), "--dicom", "127.0.0.1:0"]
    environment = {**os.environ, "WETREAD_SERVICE__LISTENER__MIN_FREE_BYTES": "0"}
    parent = subprocess.Popen([*words, "--processes", "2"], stderr=subprocess.PIPE, text=True, env=environment)
    assert parent.stderr is not None
    lines = {parent.stderr.readline() for _ in range(2)}
    assert len(lines) == 1
    port = int(lines.pop().split()[4].rpartition(":")[2])
    pids = set()
    for n in range(24):
        caller = Caller("127.0.0.1", port)
        caller.associate()
        assert caller.store(b"data", instance=f"1.2.{n}".encode()) == 0
        caller.release()
    for folder in Spool(tmp_path / "spool").arrivals():
        pids.add(json.loads((folder / "arrival.json").read_text())["pid"])
    assert len(pids) == 2
    parent.kill()  # not even a chance to tell them
    parent.communicate(timeout=15)  # they hold the other end of its stderr until they are gone
    with socket.socket() as knock:
        assert knock.connect_ex(("127.0.0.1", port)) != 0
