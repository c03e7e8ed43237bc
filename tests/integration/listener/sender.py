"""A sender that says exactly what it is told to, and the listener it talks to."""

import socket
import struct
import time
from pathlib import Path

from wetread.intake.listener import Listener
from wetread.intake.listener.command import C_ECHO, C_STORE, NO_DATASET
from wetread.intake.spool import Spool, objects_in

CT_CLASS = b"1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = b"1.2.840.10008.1.2.1"
VERIFICATION = b"1.2.840.10008.1.1"


class House:
    """A listener of this process and what lies in its spool."""

    def __init__(self, listener: Listener, root: Path) -> None:
        self.listener = listener
        self.root = root
        self.host, self.port = listener.address

    def objects(self) -> list[Path]:
        return [file for folder in Spool(self.root).arrivals() for file in objects_in(folder)]

    def files(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.suffix in {".dcm", ".part"}]

    def has_begun(self, within_s: float = 10.0) -> bool:
        """Whether a first part of an object is here."""
        until = time.monotonic() + within_s
        while not (some := [path for path in self.files() if path.suffix == ".part"]) and time.monotonic() < until:
            time.sleep(0.01)
        return bool(some)

    def dial(self, **options: object) -> "Caller":
        return Caller(self.host, self.port, **options)

    def is_quiet(self, within_s: float = 10.0) -> bool:
        """Whether all connections are gone."""
        until = time.monotonic() + within_s
        while self.listener.open_count and time.monotonic() < until:
            time.sleep(0.01)
        return self.listener.open_count == 0


class Caller:
    """A sender that says exactly what it is told to, byte by byte."""

    def __init__(self, host: str, port: int, *, calling: bytes = b"CALLER", called: bytes = b"WETREAD") -> None:
        self.socket = socket.create_connection((host, port), 5)
        self.socket.settimeout(10)
        self.calling, self.called = calling, called

    def associate(self, *contexts: tuple[bytes, bytes]) -> tuple[int, bytes]:
        """Ask for an association; the kind of the PDU that answers and its body."""
        self.socket.sendall(associate_rq(self.calling, self.called, contexts or ((CT_CLASS, EXPLICIT),)))
        return self.pdu()

    def pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxL", self._exactly(6))
        return kind, self._exactly(length)

    def store(self, data: bytes, *, instance: bytes = b"1.2.3.4", context_id: int = 1, fragment: int = 16000) -> int:
        """Send an object; the status of its answer."""
        self.socket.sendall(pdv(context_id, store_rq(instance), command=True, last=True))
        pieces = [data[place : place + fragment] for place in range(0, len(data), fragment)] or [b""]
        for n, piece in enumerate(pieces):
            self.socket.sendall(pdv(context_id, piece, command=False, last=n == len(pieces) - 1))
        return self.status()

    def echo(self, context_id: int) -> int:
        self.socket.sendall(pdv(context_id, command_set(C_ECHO, VERIFICATION, b"", has_dataset=False), command=True))
        return self.status()

    def status(self) -> int:
        kind, body = self.pdu()
        assert kind == 4, kind
        values = elements(body[6:])
        return int.from_bytes(values[0x0900], "little")

    def release(self) -> None:
        self.socket.sendall(struct.pack(">BxLL", 5, 4, 0))
        assert self.pdu()[0] == 6
        self.socket.close()

    def closed(self) -> bool:
        """Whether the other side lets go, after at most an abort."""
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        self.socket.close()
        return True

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("closed")
            data += piece
        return data


def associate_rq(calling: bytes, called: bytes, contexts: tuple[tuple[bytes, bytes], ...]) -> bytes:
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16), calling.ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for n, (sop_class, syntax) in enumerate(contexts):
        body += item(0x20, struct.pack(">Bxxx", 2 * n + 1) + item(0x30, sop_class) + item(0x40, syntax))
    body += item(0x50, item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3"))
    return struct.pack(">BxL", 1, len(body)) + body


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def pdv(context_id: int, data: bytes, *, command: bool = True, last: bool = True) -> bytes:
    return struct.pack(">BxLLBB", 4, len(data) + 6, len(data) + 2, context_id, command | last << 1) + data


def command_set(field: int, sop_class: bytes, instance: bytes, *, has_dataset: bool) -> bytes:
    def one(element: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HHL", 0, element, len(value)) + value

    def short(element: int, value: int) -> bytes:
        return one(element, struct.pack("<H", value))

    body = one(0x0002, sop_class) + short(0x0100, field) + short(0x0110, 7) + short(0x0700, 0)
    body += short(0x0800, 1 if has_dataset else NO_DATASET) + (one(0x1000, instance) if instance else b"")
    return one(0x0000, struct.pack("<L", len(body))) + body


def store_rq(instance: bytes) -> bytes:
    return command_set(C_STORE, CT_CLASS, instance, has_dataset=True)


def elements(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while data:
        _, element, length = struct.unpack_from("<HHL", data)
        found[element] = data[8 : 8 + length]
        data = data[8 + length :]
    return found


def dataset_of(path: Path) -> bytes:
    """What stands after the file meta information."""
    data = path.read_bytes()
    assert data[128:132] == b"DICM"
    return data[144 + int.from_bytes(data[140:144], "little") :]
