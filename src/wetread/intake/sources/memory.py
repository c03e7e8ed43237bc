"""What a source remembers of earlier looks: a small file beside the spool that survives a kill.

It is only a memory of what was already taken: where it is lost, objects are taken again, and the store knows them.
"""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from wetread.errors import Conflict

KEPT_DAYS = 30
TOUCHED_AFTER_S = 86_400
SCHEMA = "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, mark TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID"


class Memory:
    """Marks by key, kept in a file. Keys are hashed, so that no patient's name stands in it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:  # a broken file only costs taking things again
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            self._db = _open(path)

    def recall(self, key: str, now: datetime) -> str | None:
        """The mark it was given, if any; to be asked for keeps it from being forgotten."""
        row = self._db.execute("SELECT mark, at FROM seen WHERE key = ?", (_hashed(key),)).fetchone()
        if row is None:
            return None
        if now.timestamp() - row[1] > TOUCHED_AFTER_S:
            self.keep(key, row[0], now)
        return str(row[0])

    def keep(self, key: str, mark: str, now: datetime) -> None:
        """Remember the mark, durably."""
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (_hashed(key), mark, now.timestamp()))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is kept inside is written at once, also where it ends with an error."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def forget(self, now: datetime) -> int:
        """Drop what no look has come by for a month; how many."""
        oldest = (now - timedelta(days=KEPT_DAYS)).timestamp()
        return self._db.execute("DELETE FROM seen WHERE at < ?", (oldest,)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@contextmanager
def alone(path: Path, name: str) -> Iterator[None]:
    """Only one process at a time asks a source.

    Raises: Conflict while another one does.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(f"source {name!r} is being asked by another process (the service runs?)") from None
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> sqlite3.Connection:
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(SCHEMA)
    return connection


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
