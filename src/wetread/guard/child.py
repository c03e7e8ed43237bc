"""The guard's child: takes calls from stdin, answers on stdout, dies with its parent."""

import faulthandler
import importlib
import io
import os
import pickle
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from wetread.guard.work import deliberate

SIZE = struct.Struct("<Q")
GRACE_S = 5.0
WATCH_S = 0.5


def send(stream: BinaryIO, message: bytes) -> None:
    """Write one message: its length in eight bytes, then its bytes."""
    stream.write(SIZE.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read one message.

    Raises: EOFError where the other side is gone.
    """
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        raise EOFError
    (length,) = SIZE.unpack(head)
    message = stream.read(length)
    if len(message) < length:
        raise EOFError
    return message


def data_bytes() -> int | None:
    """Private writable memory of this process, as RLIMIT_DATA counts it; None where it can't be known."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return None
    return int(fields[5]) * os.sysconf("SC_PAGE_SIZE")


def allow_memory(extra_bytes: int) -> None:
    """Let this process use `extra_bytes` more than it uses now (Linux; elsewhere there is no limit).

    RLIMIT_DATA, not RLIMIT_AS: code, shared libraries and reserved but untouched address space don't count.
    """
    used = data_bytes()
    if used is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used + extra_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def set_alarm(seconds: float) -> None:
    """Have the system end this process after `seconds`, even inside native code; 0 calls it off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _die_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_S)
    os._exit(1)


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's streams; whatever prints to stdout from now on goes to stderr."""
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return calls, answers


def _answer(call: bytes, memory_bytes: int) -> bytes:
    """Run one pickled call; the answer is (True, result) or (False, error)."""
    subject = "the file"
    try:
        module, name, args, subject, timeout_s = pickle.loads(call)  # noqa: S301 - from our own parent
        function = getattr(importlib.import_module(module), name)
        allow_memory(memory_bytes)
        set_alarm(timeout_s + GRACE_S)
        answer: tuple[bool, Any] = (True, function(*args))
        return pickle.dumps(answer, protocol=5)
    except Exception as error:  # noqa: BLE001 - the edge of a worker process
        found = deliberate(error, subject)
        notes = tuple(getattr(found, "__notes__", ()))
        return pickle.dumps((False, (type(found), found.args, notes)), protocol=5)
    finally:
        set_alarm(0)


def main() -> None:
    """Serve calls until the parent closes its end."""
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.disable()
    calls, answers = _take_streams()
    parent, memory_bytes, paths, warm = pickle.loads(receive(calls))  # noqa: S301 - from our own parent
    sys.path[:] = paths
    if hasattr(os, "getppid"):
        threading.Thread(target=_die_with_parent, args=(parent,), daemon=True).start()
    for module in warm:
        importlib.import_module(module)
    send(answers, b"ready")
    while True:
        try:
            call = receive(calls)
        except EOFError:
            return
        try:
            send(answers, _answer(call, memory_bytes))
        except (BrokenPipeError, io.UnsupportedOperation):
            return


if __name__ == "__main__":
    main()
