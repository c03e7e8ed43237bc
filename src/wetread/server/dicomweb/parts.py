"""Multipart answers (RFC 2046, RFC 2387) of stored bytes, streamed from their files."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import StreamingResponse

from wetread.dicom.frames import Span

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its headers, how long it is, and where its bytes come from, looked up when its turn comes."""

    content_type: str
    size_bytes: int
    chunks: Callable[[], Iterator[bytes]]
    location: str | None = None


def of_bytes(value: bytes) -> Callable[[], Iterator[bytes]]:
    """Bytes that are there."""
    return lambda: iter((value,))


def of_file(find: Callable[[], Path], spans: tuple[Span, ...]) -> Callable[[], Iterator[bytes]]:
    """Spans of (offset, length) of a file, a chunk at a time."""

    def chunks() -> Iterator[bytes]:
        with find().open("rb") as file:
            for offset, length in spans:
                file.seek(offset)
                left = length
                while left:
                    chunk = file.read(min(left, CHUNK_BYTES))
                    if not chunk:
                        raise EOFError("a stored object is shorter than it was")
                    left -= len(chunk)
                    yield chunk

    return chunks


def multipart(
    parts: tuple[Part, ...], part_type: str, headers: dict[str, str], *, status: int = 200
) -> StreamingResponse:
    """The parts as multipart/related; its length is known beforehand."""
    boundary = f"wetread-{secrets.token_hex(12)}"
    heads = [_head(part, boundary) for part in parts]
    tail = f"\r\n--{boundary}--\r\n".encode()
    size = sum(len(head) for head in heads) + sum(part.size_bytes for part in parts) + len(tail)

    def body() -> Iterator[bytes]:
        for head, part in zip(heads, parts, strict=True):
            yield head
            yield from part.chunks()
        yield tail

    written = f'multipart/related; type="{part_type}"; boundary={boundary}'
    return StreamingResponse(body(), status, headers={**headers, "Content-Length": str(size), "Content-Type": written})


def single(part: Part, headers: dict[str, str]) -> StreamingResponse:
    """One part, not wrapped."""
    told = {**headers, "Content-Length": str(part.size_bytes), "Content-Type": part.content_type}
    return StreamingResponse(part.chunks(), headers=told)


def _head(part: Part, boundary: str) -> bytes:
    place = f"Content-Location: {part.location}\r\n" if part.location else ""
    length = f"Content-Length: {part.size_bytes}\r\n"
    return f"\r\n--{boundary}\r\nContent-Type: {part.content_type}\r\n{length}{place}\r\n".encode("latin-1", "replace")
