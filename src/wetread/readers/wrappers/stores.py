"""Where kept reads lie: in memory for a run, or in a file. Both are bounded; what was not used longest goes first."""

import sqlite3
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from wetread.errors import ConfigurationError
from wetread.readers.wrappers.database import open_private, writing
from wetread.readers.wrappers.log import log

MIB = 1024**2
SCHEMA = """
CREATE TABLE IF NOT EXISTS reads (key TEXT PRIMARY KEY, body BLOB, size INTEGER, used INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_use ON reads (used, size)
"""


class Store(Protocol):
    """Bytes by key. What can't be kept is not there; nothing raises."""

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Keep the bytes."""
        ...

    def remove(self, key: str) -> None:
        """Forget the bytes."""
        ...


class RunCache:
    """In memory, gone with the process."""

    def __init__(self, *, limit_bytes: int = 64 * MIB) -> None:
        self._limit_bytes = limit_bytes
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        if key in self._bodies:
            self._bodies.move_to_end(key)
        return self._bodies.get(key)

    def put(self, key: str, body: bytes) -> None:
        """Keep the bytes, and let go of what was not used longest."""
        self.remove(key)
        self._bodies[key] = body
        self._bytes += len(body)
        while self._bytes > self._limit_bytes:
            _, gone = self._bodies.popitem(last=False)
            self._bytes -= len(gone)

    def remove(self, key: str) -> None:
        """Forget the bytes."""
        self._bytes -= len(self._bodies.pop(key, b""))

    def __len__(self) -> int:
        return len(self._bodies)


class DiskCache:
    """In a file that only its owner can read. A file that is damaged is begun anew: it was only a cache.

    Raises: ConfigurationError at construction if the file can't be made.
    """

    def __init__(self, path: Path, *, limit_bytes: int = 256 * MIB) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._db = self._open()

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        try:
            with self._lock:
                row = self._db.execute("SELECT body FROM reads WHERE key = ?", (key,)).fetchone()
                if row is None:
                    return None
                self._db.execute("UPDATE reads SET used = (SELECT MAX(used) FROM reads) + 1 WHERE key = ?", (key,))
        except sqlite3.Error as problem:
            self._tell(problem)
            return None
        return row[0] if isinstance(row[0], bytes) else b""

    def put(self, key: str, body: bytes) -> None:
        """Keep the bytes, and let go of what was not used longest."""
        insert = "INSERT OR REPLACE INTO reads SELECT ?, ?, ?, COALESCE(MAX(used), 0) + 1 FROM reads"
        try:
            with self._lock, writing(self._db) as db:
                db.execute(insert, (key, body, len(body)))
                over = int(db.execute("SELECT SUM(size) FROM reads").fetchone()[0]) - self._limit_bytes
                while over > 0:
                    oldest, size = db.execute("SELECT key, size FROM reads ORDER BY used LIMIT 1").fetchone()
                    db.execute("DELETE FROM reads WHERE key = ?", (oldest,))
                    over -= size
        except sqlite3.Error as problem:
            self._tell(problem)

    def remove(self, key: str) -> None:
        """Forget the bytes."""
        try:
            with self._lock:
                self._db.execute("DELETE FROM reads WHERE key = ?", (key,))
        except sqlite3.Error as problem:
            self._tell(problem)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        try:
            return open_private(self._path, SCHEMA)
        except (sqlite3.OperationalError, OSError) as problem:
            raise self._unusable(problem) from problem
        except sqlite3.DatabaseError:  # the bytes are no database
            for tail in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
        try:
            return open_private(self._path, SCHEMA)
        except (sqlite3.Error, OSError) as problem:
            raise self._unusable(problem) from problem

    def _unusable(self, problem: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: the cache can't be used ({problem}); mend its rights or switch it off"
        )

    def _tell(self, problem: sqlite3.Error) -> None:
        log.warning("cache not used", file=str(self._path), problem=str(problem))
