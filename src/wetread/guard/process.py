"""The guard: one long-lived child process that may run out of memory, hang or crash in our stead."""

import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import BinaryIO, TypeVar, cast

from wetread.errors import FileUnreadable, TookTooLong, WetreadError
from wetread.guard.child import receive, send

R = TypeVar("R")
START_S = 120.0
START_CODE = "from wetread.guard.child import main; main()"  # not -m: a module run as a script exists twice


class Guard:
    """Runs importable top-level functions in a child process with memory and time limits.

    `memory_bytes` is what one call may use beyond what the warm child uses (enforced on Linux),
    `timeout_s` how long a call may take, `warm` the modules to import beforehand. The child starts with
    the first call and again after a crash or a timeout; it ends with its parent. Calls from several
    threads wait for one another: make one guard a thread to work in parallel. Limits keep accidents and
    bombs away from the parent; they are no sandbox against code execution.
    """

    def __init__(self, *, memory_bytes: int = 1 << 30, timeout_s: float = 60.0, warm: tuple[str, ...] = ()) -> None:
        self.memory_bytes = memory_bytes
        self.timeout_s = timeout_s
        self.warm = warm
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._finalizer: weakref.finalize[..., Guard] | None = None

    def call(self, function: Callable[..., R], /, *args: object, subject: str, timeout_s: float | None = None) -> R:
        """The result of `function(*args)`, run in the child.

        Raises: TookTooLong, TooLarge (out of memory), FileUnreadable (the child crashed), and whatever
        WetreadError the function raises, as it was raised.
        """
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        name = function.__qualname__
        if "." in name:
            raise ValueError(f"only top-level functions can be guarded, got {name}")
        message = pickle.dumps((function.__module__, name, args, subject, limit_s), protocol=5)
        with self._lock:
            child = self._running(function.__module__)
            done, answer = self._exchange(child, message, subject, limit_s)
        if done:
            return cast(R, answer)
        kind, values, notes = cast(tuple[type[WetreadError], tuple[str, ...], tuple[str, ...]], answer)
        error = kind(*values)
        for note in notes:
            error.add_note(note)
        raise error

    def close(self) -> None:
        """End the child; a later call starts a new one."""
        with self._lock:
            self._stop()

    def __enter__(self) -> "Guard":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(
        self, child: subprocess.Popen[bytes], message: bytes, subject: str, limit_s: float
    ) -> tuple[bool, object]:
        """Send a call and wait for its answer; a child that hangs or dies is replaced."""
        expired = threading.Event()
        timer = threading.Timer(limit_s, _expire, (child, expired))
        timer.daemon = True
        timer.start()
        try:
            send(_pipe(child.stdin), message)
            answered = receive(_pipe(child.stdout))
        except (EOFError, OSError) as error:
            self._stop()
            if expired.is_set():
                raise TookTooLong(
                    subject, f"it took longer than {limit_s:g} s", "raise the time limit or check the file"
                ) from None
            raise FileUnreadable(
                subject, "it crashed the process that reads it", "don't open this file with other programs unchecked"
            ) from error
        except BaseException:
            self._stop()  # an interrupted exchange would answer the next call
            raise
        finally:
            timer.cancel()
        return cast(tuple[bool, object], pickle.loads(answered))  # noqa: S301 - from our own child

    def _running(self, module: str) -> subprocess.Popen[bytes]:
        """The child, started where there is none (or where it belongs to the process we were forked from)."""
        if self._child is not None and self._owner == os.getpid() and self._child.poll() is None:
            return self._child
        if self._owner == os.getpid():
            self._stop()
        child = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", START_CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._child, self._owner = child, os.getpid()
        self._finalizer = weakref.finalize(self, _end, child, os.getpid())
        timer = threading.Timer(START_S, child.kill)
        timer.daemon = True
        timer.start()
        try:
            warm = tuple(dict.fromkeys((*self.warm, module)))
            send(_pipe(child.stdin), pickle.dumps((os.getpid(), self.memory_bytes, sys.path, warm)))
            receive(_pipe(child.stdout))
        except (EOFError, OSError):
            self._stop()
            raise RuntimeError(f"the guard's process did not start; can {', '.join(warm)} be imported?") from None
        finally:
            timer.cancel()
        return child

    def _stop(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._child, self._finalizer = None, None


def _pipe(stream: object) -> BinaryIO:
    return cast(BinaryIO, stream)


def _expire(child: subprocess.Popen[bytes], expired: threading.Event) -> None:
    expired.set()
    child.kill()


def _end(child: subprocess.Popen[bytes], owner: int) -> None:
    """Kill and reap the child, unless this process is a fork of the one that started it."""
    if os.getpid() != owner:
        return
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue  # unsent bytes of a broken pipe
    child.wait()
