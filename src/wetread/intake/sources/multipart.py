"""Multipart answers (RFC 2046) as a stream: no part is ever held in memory as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from wetread.errors import FileUnreadable

LONGEST_HEADER_BYTES = 16 << 10
BROKE_OFF = "the answer broke off in the middle"
AGAIN = "it is asked for again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part; `body` is to be read before the next part is asked for (what is left of it is skipped)."""

    content_type: str
    body: Iterator[bytes]


def parameter(content_type: str, name: str) -> str | None:
    """A parameter of a content type, its quotes taken off."""
    message = Message()
    message["content-type"] = content_type
    value = message.get_param(name)
    return value if isinstance(value, str) else None


def parts(content_type: str, chunks: Iterator[bytes], *, subject: str) -> Iterator[Part]:
    """The parts of an answer.

    Raises: FileUnreadable where it is no multipart, breaks off or its headers are too long.
    """
    boundary = parameter(content_type, "boundary")
    if not content_type.lower().startswith("multipart/") or not boundary or len(boundary) > 200:
        raise FileUnreadable(subject, "the answer is no multipart with a boundary", "check the server")
    stream = _Stream(chunks, b"\r\n--" + boundary.encode("latin-1", "replace"), subject)
    stream.skip()
    while stream.another():
        headers = BytesHeaderParser().parsebytes(stream.headers())
        yield Part(content_type=headers.get_content_type(), body=stream.body())
        stream.skip()


class _Stream:
    """Bytes with a place in them; the start counts as the start of a line."""

    def __init__(self, chunks: Iterator[bytes], delimiter: bytes, subject: str) -> None:
        self._chunks = chunks
        self._delimiter = delimiter
        self._subject = subject
        self._buffer = b"\r\n"
        self._in_part = True

    def another(self) -> bool:
        """Past a delimiter: whether a part follows."""
        while b"\n" not in self._buffer and not self._buffer.startswith(b"--"):
            if len(self._buffer) > LONGEST_HEADER_BYTES:
                raise self._wrong("a line of the answer is too long")
            self._more()
        if self._buffer.startswith(b"--"):
            return False
        _, _, self._buffer = self._buffer.partition(b"\n")
        return True

    def headers(self) -> bytes:
        """The part's headers, up to the empty line."""
        head = b"\r\n" + self._buffer
        while (end := head.find(b"\r\n\r\n")) < 0:
            if len(head) > LONGEST_HEADER_BYTES:
                raise self._wrong("the headers of a part are too long")
            self._more()
            head = b"\r\n" + self._buffer
        self._buffer, self._in_part = head[end + 4 :], True
        return head[2 : end + 2]

    def body(self) -> Iterator[bytes]:
        """The bytes up to the next delimiter."""
        keep = len(self._delimiter) - 1
        while self._in_part:
            end = self._buffer.find(self._delimiter)
            if end >= 0:
                piece, self._buffer = self._buffer[:end], self._buffer[end + len(self._delimiter) :]
                self._in_part = False
            else:
                cut = max(0, len(self._buffer) - keep)
                piece, self._buffer = self._buffer[:cut], self._buffer[cut:]
                self._more()
            if piece:
                yield piece

    def skip(self) -> None:
        """Past what is left of this part."""
        for _ in self.body():
            pass

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise self._wrong(BROKE_OFF)
        self._buffer += chunk

    def _wrong(self, problem: str) -> FileUnreadable:
        return FileUnreadable(self._subject, problem, AGAIN)
