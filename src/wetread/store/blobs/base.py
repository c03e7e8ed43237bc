"""What every place for blobs can do."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from wetread.errors import RecordInvalid

PIECE_BYTES = 1 << 20
HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A blob that lies there, and when it was last put."""

    sha256: str
    touched_at: datetime


class Blobs(ABC):
    """A place for blobs. A blob never changes, the same bytes are kept once, and what was put is durable.

    Every method raises StoreUnavailable where the place does not answer for now (no room left included).
    """

    @abstractmethod
    def put_file(self, path: Path, *, link: bool = False) -> tuple[str, int]:
        """Keep the bytes of a file that nobody changes meanwhile; returns their SHA-256 and size in bytes.

        The file stays. `link`: it is ours and will never be written again, so it may become the blob itself where it
        lies on the same disk; the caller removes its name once the blob's row is written.
        """

    @abstractmethod
    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep these bytes; returns their SHA-256 and size."""

    @abstractmethod
    def local_path(self, sha256: str) -> Path:
        """A file of this machine with the blob's bytes, only to be read.

        Raises: NotFound; RecordInvalid if a fetched copy has another hash.
        """

    @abstractmethod
    def exists(self, sha256: str) -> bool:
        """Whether it lies there."""

    @abstractmethod
    def remove(self, sha256: str, *, untouched_since: datetime | None = None) -> bool:
        """Take it away; one that was put again after `untouched_since` stays. Whether it is gone by this."""

    @abstractmethod
    def all(self) -> Iterator[Stored]:
        """Every blob, in no order."""

    @abstractmethod
    def clear(self, *, older_than: datetime) -> int:
        """Remove what a process that died left half done, and fetched copies unused since then; how many files."""

    def open(self, sha256: str) -> BinaryIO:
        """The blob for reading.

        Raises: NotFound; RecordInvalid if a fetched copy has another hash.
        """
        return self.local_path(sha256).open("rb")


def hash_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def checked(sha256: str) -> str:
    """The name of a blob, which comes from the store and is used in paths.

    Raises: RecordInvalid if it is none.
    """
    if len(sha256) != 64 or not HEX.issuperset(sha256):
        raise RecordInvalid(f"{sha256[:80]!r} is no name of a blob")
    return sha256
