"""The bytes of one connection, read ahead: nothing is asked for twice, nobody is waited for without end."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

READ_AHEAD_BYTES = 256 * 1024
LOOK_UP_S = 0.25  # how often a wait looks at the clock and at whether we are to stop
QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)


class Ended(OSError):
    """The association can't go on; its text is the reason. It holds nothing of an object."""


class PeerGone(Ended):
    """The sender is not there any more."""


@dataclass(slots=True)
class Stop:
    """What all associations of a listener look at: `soon` ends them between objects, `now` at once."""

    soon: bool = False
    now: bool = False


class Wire:
    """Reads and writes one connection. For one thread."""

    def __init__(self, sock: socket.socket, *, silence_s: float, stop: Stop) -> None:
        self.socket = sock
        self.stop = stop
        self.silence_s = silence_s
        self.until: float | None = None  # monotonic: by then whatever is read now must be there
        self.is_between = True  # no object is under way
        self._buffer = memoryview(bytearray(READ_AHEAD_BYTES))
        self._start = self._end = 0
        sock.settimeout(LOOK_UP_S)
        with suppress(OSError):  # some sockets have none (AF_UNIX in tests)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def ahead(self) -> int:
        """How many bytes are here that nobody has taken."""
        return self._end - self._start

    def peek(self, count: int) -> bytes:
        """The next bytes, which stay where they are. At most the read-ahead.

        Raises: Ended.
        """
        while self.ahead < count:
            self._fill()
        return bytes(self._buffer[self._start : self._start + count])

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises: Ended.
        """
        if count <= READ_AHEAD_BYTES:
            taken = self.peek(count)
            self._start += count
            return taken
        return b"".join(bytes(chunk) for chunk in self.chunks(count))

    def chunks(self, count: int) -> Iterator[memoryview]:
        """The next bytes in the pieces they come in. A piece holds until the next is asked for.

        Raises: Ended.
        """
        while count:
            if self._start == self._end:
                self._fill()
            size = min(count, self.ahead)
            piece = self._buffer[self._start : self._start + size]
            self._start += size
            count -= size
            yield piece

    def send(self, data: bytes) -> None:
        """Send all of it.

        Raises: Ended.
        """
        rest = memoryview(data)
        since = time.monotonic()
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except TimeoutError:
                self._check_wait(since)
            except OSError as problem:
                raise PeerGone(f"connection lost ({problem.strerror or 'broken'})") from None

    def discard(self, longest_s: float) -> None:
        """Read and forget until the sender closes, so that what we said last reaches it."""
        until = time.monotonic() + longest_s
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            while time.monotonic() < until and not self.stop.now:
                with suppress(TimeoutError):
                    if not self.socket.recv_into(self._buffer):
                        return

    def _fill(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == READ_AHEAD_BYTES:
            rest = bytes(self._buffer[self._start : self._end])
            self._buffer[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
        self._end += self._receive(self._buffer[self._end :])

    def _receive(self, room: memoryview) -> int:
        since = time.monotonic()
        while True:
            try:
                count = self.socket.recv_into(room)
            except TimeoutError:
                self._check_wait(since)
                continue
            except OSError as problem:
                raise PeerGone(f"connection lost ({problem.strerror or 'broken'})") from None
            if not count:
                raise PeerGone("connection closed by the sender")
            if self.until is not None:
                self._check_wait(since)
            if QUICK_ACK is not None:  # the kernel forgets it: without, each object's last packet waits 40 ms
                self.socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
            return count

    def _check_wait(self, since: float) -> None:
        now = time.monotonic()
        if self.stop.now or (self.stop.soon and self.is_between):
            raise Ended("the listener stops")
        if now - since >= self.silence_s:
            raise Ended(f"silent for {self.silence_s:g} s")
        if self.until is not None and now >= self.until:
            raise Ended("too slow to ask for an association")
