"""Blobs in an object store that fsspec knows (S3 and what speaks like it, and others), with copies in a folder here."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]

from wetread.errors import ConfigurationError, MissingExtra, NotFound, RecordInvalid, StoreUnavailable
from wetread.store.blobs.base import Blobs, Stored, checked, hash_of
from wetread.store.blobs.folder import FolderBlobs

FRESH = timedelta(hours=12)  # a blob put longer ago is put again, so that nobody removes it as left over


class RemoteBlobs(Blobs):
    """Blobs in an object store; `cache` holds copies of those that were asked for, each checked by its hash."""

    def __init__(self, url: str, cache: Path) -> None:
        self._files, root = _opened(url)
        self._root = str(root).rstrip("/")
        self._cache = FolderBlobs(cache)

    def put_file(self, path: Path, *, link: bool = False) -> tuple[str, int]:  # noqa: ARG002 - a link saves nothing here
        """Keep a file's bytes."""
        sha256, size = hash_of(path)
        with _told():
            if not self._is_fresh(sha256, size):
                self._files.put_file(str(path), self._made(sha256))
        return sha256, size

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep these bytes."""
        sha256 = hashlib.sha256(data).hexdigest()
        with _told():
            if not self._is_fresh(sha256, len(data)):
                self._files.pipe_file(self._made(sha256), data)
        return sha256, len(data)

    def local_path(self, sha256: str) -> Path:
        """A copy of it here."""
        if self._cache.exists(sha256):
            path = self._cache.local_path(sha256)
            path.touch()
            return path
        with tempfile.TemporaryDirectory(prefix="wetread-") as folder:
            copy = Path(folder) / secrets.token_hex(4)
            with _told(sha256):
                self._files.get_file(self._key(sha256), str(copy))
            if hash_of(copy)[0] != sha256:
                raise RecordInvalid(f"blob {sha256} was changed in the object store; restore it from a backup")
            self._cache.put_file(copy)
        return self._cache.local_path(sha256)

    def exists(self, sha256: str) -> bool:
        """Whether it lies in the object store."""
        with _told():
            self._files.invalidate_cache()
            return bool(self._files.exists(self._key(sha256)))

    def remove(self, sha256: str, *, untouched_since: datetime | None = None) -> bool:
        """Take it away, here and there."""
        with _told():
            self._files.invalidate_cache()
            if not self._files.exists(self._key(sha256)):
                return False
            if untouched_since is not None and self._touched_at(sha256) > untouched_since:
                return False
            self._files.rm_file(self._key(sha256))
        self._cache.remove(sha256)
        return True

    def all(self) -> Iterator[Stored]:
        """Every blob of the object store."""
        with _told():
            self._files.invalidate_cache()
            found: dict[str, Any] = self._files.find(self._root, detail=True)
        for key, told in found.items():
            name = key.rpartition("/")[2]
            if len(name) == 64:
                yield Stored(sha256=name, touched_at=_moment(told) or datetime.now(UTC))

    def clear(self, *, older_than: datetime) -> int:
        """Remove copies unused since then."""
        unused = [one.sha256 for one in self._cache.all() if one.touched_at < older_than]
        return self._cache.clear(older_than=older_than) + sum(
            self._cache.remove(name, untouched_since=older_than) for name in unused
        )

    def _key(self, sha256: str) -> str:
        return f"{self._root}/{checked(sha256)[:2]}/{sha256[2:4]}/{sha256}"

    def _made(self, sha256: str) -> str:
        """Its key; stores that know folders get them."""
        key = self._key(sha256)
        self._files.makedirs(key.rpartition("/")[0], exist_ok=True)
        return key

    def _is_fresh(self, sha256: str, size: int) -> bool:
        try:
            self._files.invalidate_cache()
            told = self._files.info(self._key(sha256))
        except FileNotFoundError:
            return False
        touched_at = _moment(told)
        return told.get("size") == size and touched_at is not None and datetime.now(UTC) - touched_at < FRESH

    def _touched_at(self, sha256: str) -> datetime:
        return _moment(self._files.info(self._key(sha256))) or datetime.now(UTC)


def _moment(told: dict[str, Any]) -> datetime | None:
    """When an object was written; object stores name it differently."""
    for name in ("LastModified", "last_modified", "created", "mtime", "updated"):
        value = told.get(name)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, tz=UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return None


def _opened(url: str) -> tuple[Any, str]:
    kind = url.partition("://")[0]
    try:
        opened: tuple[Any, str] = fsspec.core.url_to_fs(url)
    except ImportError:
        raise MissingExtra(f"blobs at {kind}:// need a further package; for s3: pip install s3fs") from None
    except ValueError:
        raise ConfigurationError(f"no object store {kind!r} is known; write s3://bucket/prefix") from None
    return opened


@contextmanager
def _told(sha256: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as problem:
        if sha256 is None:
            raise StoreUnavailable("the object store has no such bucket or folder for now") from problem
        raise NotFound(f"there is no blob {sha256}") from None
    except OSError as problem:
        raise StoreUnavailable(f"the object store does not answer ({type(problem).__name__})") from problem
