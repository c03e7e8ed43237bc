"""A multipart body (RFC 2046) as it comes in, chunk by chunk: nothing is held but a part's headers."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

MOST_HEADER_BYTES = 16 << 10
MOST_PREAMBLE_BYTES = 64 << 10
MOST_PARTS = 100_000
LONGEST_BOUNDARY = 70  # RFC 2046 5.1.1
MOST_PADDING = 16
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class Malformed(ValueError):
    """The body is no multipart body as it was announced; the message says why."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A part begins."""

    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Data:
    """Some of the part's bytes."""

    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class End:
    """The part is whole."""


Event = Begin | Data | End
Step = Generator[Event, None, bool]  # it says whether what is held may give more


class Body:
    """Takes chunks and gives events. `boundary` is as the Content-Type says it.

    Raises: Malformed.
    """

    def __init__(self, boundary: str) -> None:
        if not BOUNDARY.fullmatch(boundary):
            raise Malformed("the Content-Type names no boundary of 1 to 70 plain characters")
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._held = b"\r\n"  # so that a delimiter at the very start looks like every other
        self._state: Callable[[], Step] = self._preamble
        self._skipped = 0
        self._parts = 0
        self.done = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events of the next chunk. What follows the last delimiter is ignored.

        Raises: Malformed.
        """
        if self.done:
            return
        self._held = self._held + chunk if self._held else chunk
        more = True
        while more and not self.done:
            more = yield from self._state()

    def _preamble(self) -> Step:
        """What stands before the first delimiter, ignored."""
        found = self._delimited()
        if found is None:
            keep = len(self._delimiter) + MOST_PADDING + 2
            self._skipped += max(len(self._held) - keep, 0)
            self._held = self._held[-keep:]
            if self._skipped > MOST_PREAMBLE_BYTES:
                raise Malformed("the boundary does not occur where the first part should begin")
            return False
        yield from ()
        return self._after(found[1], last=found[2])

    def _headers(self) -> Step:
        end = 0 if self._held.startswith(b"\r\n") else self._held.find(b"\r\n\r\n") + 2
        if end == 1:
            if len(self._held) > MOST_HEADER_BYTES:
                raise Malformed(f"the headers of a part are longer than {MOST_HEADER_BYTES} bytes")
            return False
        if end > MOST_HEADER_BYTES:
            raise Malformed(f"the headers of a part are longer than {MOST_HEADER_BYTES} bytes")
        yield Begin(_parsed(self._held[:end]))
        self._held = self._held[end + 2 :]
        self._state = self._content
        return True

    def _content(self) -> Step:
        found = self._delimited()
        if found is None:
            keep = len(self._delimiter) + MOST_PADDING + 2
            if len(self._held) > keep:
                yield Data(memoryview(self._held)[:-keep])
                self._held = self._held[-keep:]
            return False
        start, end, last = found
        if start:
            yield Data(memoryview(self._held)[:start])
        yield End()
        return self._after(end, last=last)

    def _after(self, end: int, *, last: bool) -> bool:
        self._held = self._held[end:]
        self._state = self._headers
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Malformed(f"the body has more than {MOST_PARTS} parts; send them in several requests")
        self.done = last
        if last:
            self._held = b""
        return not last

    def _delimited(self) -> tuple[int, int, bool] | None:
        """Where the next delimiter line starts and ends, and whether it is the last; None: not in what is there yet."""
        start = self._held.find(self._delimiter)
        while start >= 0:
            after = start + len(self._delimiter)
            tail = self._held[after : after + MOST_PADDING + 2]
            if tail.startswith(b"--"):
                return start, after + 2, True
            rest = tail.lstrip(b" \t")
            if rest.startswith(b"\r\n"):
                return start, after + len(tail) - len(rest) + 2, False
            if len(tail) < MOST_PADDING + 2 and rest in (b"", b"\r", b"-"):
                return None  # it may yet become one
            start = self._held.find(self._delimiter, start + 1)
        return None


def _parsed(block: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in re.sub(rb"\r\n[ \t]+", b" ", block).split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if not line:
            continue
        if not colon or not name.strip():
            raise Malformed("a line of a part's headers is no header")
        found[name.strip().lower()] = value.strip()
    return found
