"""The parts of a multipart body, written into the spool while they come in: nothing is held in memory."""

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from wetread.errors import FileUnreadable, StoreUnavailable, TooLarge, WetreadError
from wetread.intake.spool import Sheaf, Spool

LOOK_EVERY_BYTES = 64 * 1024 * 1024
LONGEST_NAME = 255


class NoRoom(StoreUnavailable):
    """The spool has no room for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file that is safe in the spool: as the sender named it, and as the spool does."""

    file: str
    object: str
    size_bytes: int


@dataclass(slots=True, kw_only=True)
class Parts:
    """Takes the chunks of one body; every part with a file name becomes an object. Not for several threads at once.

    Raises from `write`: TooLarge (one file is over `max_bytes`), NoRoom, FileUnreadable (no multipart body).
    """

    spool: Spool
    sheaf: Sheaf
    max_bytes: int
    min_free_bytes: int
    taken: list[Taken] = field(default_factory=list)
    _parser: MultipartParser = field(init=False)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _field: bytes = b""
    _value: bytes = b""
    _file: BinaryIO | None = None
    _path: Path | None = None
    _name: str = ""
    _size: int = 0
    _ended: bool = False

    def begin(self, content_type: str) -> None:
        """Learn the boundary.

        Raises: FileUnreadable where the body is no multipart/form-data.
        """
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise FileUnreadable("the upload", "is no multipart/form-data", "send each file as a part with a file name")
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._body_ends,
                },
            )
        except FormParserError:
            raise FileUnreadable("the upload", "its boundary is malformed") from None

    def write(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise FileUnreadable("the upload", "its multipart body is malformed", "send it again") from None
        except OSError as problem:
            raise _told(problem) from None

    def end(self) -> None:
        """The body is over.

        Raises: FileUnreadable where it broke off or held no file.
        """
        if not self._ended:
            raise FileUnreadable("the upload", "its body breaks off", "send it again")
        if not self.taken:
            raise FileUnreadable("the upload", "it holds no file", "send each file as a part with a file name")

    def close(self) -> None:
        """Drop what is not whole; what is whole stays, and its arrival ends."""
        self._drop()
        if not self.taken:
            self.sheaf.count = 0
        self.sheaf.close()

    def _part_begins(self) -> None:
        self._headers, self._field, self._value, self._name, self._size = {}, b"", b"", "", 0
        self._drop()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        given = options.get(b"filename")
        if not given:
            return
        self._name = given.decode("utf-8", "replace")[:LONGEST_NAME]
        self._check_room()
        self._path = self.sheaf.part()
        self._file = self._path.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            return
        before, self._size = self._size, self._size + end - start
        if self._size > self.max_bytes:
            raise TooLarge(self._name, f"it is over the limit of {self.max_bytes} bytes")
        if before // LOOK_EVERY_BYTES != self._size // LOOK_EVERY_BYTES:
            self._check_room()
        self._file.write(data[start:end])

    def _part_ends(self) -> None:
        if self._file is None or self._path is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        whole = self.sheaf.keep(self._path)
        self.taken.append(Taken(file=self._name, object=whole.name, size_bytes=self._size))
        self._file = self._path = None

    def _body_ends(self) -> None:
        self._ended = True

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self.sheaf.drop(self._path)
        self._file = self._path = None

    def _check_room(self) -> None:
        if self.spool.free_bytes() < self.min_free_bytes:
            raise NoRoom("there is no room left for more objects; free some and send it again")


def _told(problem: OSError) -> WetreadError:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoRoom("there is no room left for more objects; free some and send it again")
    return StoreUnavailable(f"the spool can't be written ({problem.strerror}); it is tried again")
