"""SQLite files of this house: readable by their owner alone, used by several processes at once."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 5.0
TRIES = 100
PAUSE_S = 0.02


def open_private(path: Path | None, schema: str) -> sqlite3.Connection:
    """A connection in autocommit mode with the schema in place; in memory if there is no path.

    WAL with synchronous NORMAL: a killed process loses nothing, a power cut at most the last moments.
    Raises: sqlite3.Error, OSError.
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)  # SQLite gives its -wal and -shm files the mode of the file itself
    db = sqlite3.connect(path or ":memory:", timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _set_up(db, schema)
    except BaseException:
        db.close()
        raise
    return db


def _set_up(db: sqlite3.Connection, schema: str) -> None:
    """Changing to WAL does not wait for other processes by itself, so it is tried again for a while."""
    for remaining in reversed(range(TRIES)):
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            with writing(db):
                for statement in schema.split(";"):
                    db.execute(statement)
        except sqlite3.OperationalError as problem:
            if not remaining or "locked" not in str(problem):
                raise
            time.sleep(PAUSE_S)
        else:
            return


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction that nobody else can write into; undone as a whole if anything raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a commit that failed is still open; a full disk has undone it already
            db.execute("ROLLBACK")
        raise
