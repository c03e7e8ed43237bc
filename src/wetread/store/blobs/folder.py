"""Blobs in a folder of this machine: `ab/cd/abcd…`, readable by this user alone."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from wetread.errors import NotFound, StoreUnavailable
from wetread.store.blobs.base import PIECE_BYTES, Blobs, Stored, checked, hash_of

PART, ASIDE = ".part", ".aside"


class FolderBlobs(Blobs):
    """Blobs in a folder. Threads and processes may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_file(self, path: Path, *, link: bool = False) -> tuple[str, int]:
        """Keep a file's bytes; a link where that is asked for and possible, else a copy."""
        with _told():
            sha256, size = hash_of(path)
            self._put(sha256, size, lambda part: _take(path, part, link=link))
            return sha256, size

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep these bytes."""
        sha256 = hashlib.sha256(data).hexdigest()
        with _told():
            self._put(sha256, len(data), lambda part: _write(data, part))
        return sha256, len(data)

    def local_path(self, sha256: str) -> Path:
        """The blob itself."""
        path = self._path(sha256)
        if not path.exists():
            raise NotFound(f"there is no blob {sha256}")
        return path

    def exists(self, sha256: str) -> bool:
        """Whether it lies there."""
        return self._path(sha256).exists()

    def remove(self, sha256: str, *, untouched_since: datetime | None = None) -> bool:
        """Take it away. It is set aside first and looked at there: whoever puts it again in between wins."""
        path = self._path(sha256)
        aside = path.with_name(f"{sha256}-{secrets.token_hex(4)}{ASIDE}")
        with _told():
            try:
                path.rename(aside)
            except FileNotFoundError:
                return False
            if untouched_since is not None and _touched_at(aside) > untouched_since:
                _put_back(aside)
                return False
            aside.unlink()
            return True

    def all(self) -> Iterator[Stored]:
        """Every blob."""
        for path in self._files():
            if not path.suffix:
                with suppress(FileNotFoundError):
                    yield Stored(sha256=path.name, touched_at=_touched_at(path))

    def clear(self, *, older_than: datetime) -> int:
        """Remove half-written files; what was set aside when its process died is put back."""
        removed = 0
        for path in self._files():
            if path.suffix == ASIDE:
                _put_back(path)
            elif path.suffix == PART:
                with suppress(FileNotFoundError):
                    if _touched_at(path) < older_than:
                        path.unlink()
                        removed += 1
        return removed

    def _path(self, sha256: str) -> Path:
        return self.root / checked(sha256)[:2] / sha256[2:4] / sha256

    def _files(self) -> Iterator[Path]:
        if self.root.is_dir():
            yield from (path for path in self.root.glob("??/??/*") if path.is_file())

    def _put(self, sha256: str, size: int, take: Callable[[Path], None]) -> None:
        path = self._path(sha256)
        if _is_whole(path, size):
            return
        self._make(path.parent)
        part = path.with_name(f"{sha256}-{secrets.token_hex(4)}{PART}")
        try:
            take(part)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        _sync(path.parent)

    def _make(self, folder: Path) -> None:
        """The folder, so that it survives a power cut."""
        if folder.is_dir():
            return
        for one in (self.root, folder.parent, folder):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in (folder.parent, self.root):
            _sync(one)


def _is_whole(path: Path, size: int) -> bool:
    """Whether it is there already; it is touched, so that nobody removes it as left over."""
    try:
        os.utime(path)
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _take(path: Path, part: Path, *, link: bool) -> None:
    if link:
        with suppress(OSError):  # another disk, or one that knows no links
            os.link(path, part)
            part.chmod(0o600)
            os.utime(part)
            _sync(part)
            return
    with path.open("rb") as source, _new(part) as target:
        shutil.copyfileobj(source, target, PIECE_BYTES)
        target.flush()
        os.fsync(target.fileno())


def _write(data: bytes, part: Path) -> None:
    with _new(part) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _new(part: Path) -> BinaryIO:
    return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _put_back(aside: Path) -> None:
    with suppress(FileExistsError, FileNotFoundError):
        os.link(aside, aside.with_name(aside.name.partition("-")[0]))
    aside.unlink(missing_ok=True)


def _touched_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told() -> Iterator[None]:
    """A disk that fails is told as such. A source that is not there stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise StoreUnavailable(f"a blob could not be kept ({problem.strerror}); it is tried again") from problem
