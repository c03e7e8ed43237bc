"""Who a pseudonym stands for: an encrypted file apart from everything else, useless without the key.

An SQLite file that holds no plain text: each pair is sealed with AES-256-GCM, and found by a keyed hash of its
pseudonym. Its head, sealed as well, counts the pairs and sums up their hashes, so that changed and removed ones are
noticed. An older copy of the whole file can't be told from the file as it was then. Needs the extra `interop`.
"""

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wetread.errors import ConfigurationError, MissingExtra, RecordInvalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

REMEDY = "crosswalks are encrypted: pip install 'wetread[interop]'"
LABEL = b"wetread crosswalk 1 "
SALT_BYTES, NONCE_BYTES, DIGEST_BYTES = 32, 12, 32
BUSY_S = 30.0  # how long another run's writing is waited for
TABLES = """
CREATE TABLE head (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), salt BLOB NOT NULL, key_check BLOB NOT NULL,
                   pairs INTEGER NOT NULL, total BLOB NOT NULL, seal BLOB NOT NULL);
CREATE TABLE pairs (number INTEGER PRIMARY KEY, place BLOB NOT NULL, mark BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL);
CREATE INDEX pairs_by_place ON pairs (place);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a pseudonym stands for: `kind` says what it is (patient_id, name, study_uid, accession …)."""

    kind: str
    original: str = field(repr=False)
    pseudonym: str


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    """Derived from the key file's secret by HKDF-SHA-256 (RFC 5869), one for each purpose."""

    check: bytes
    place: bytes
    seal: bytes
    head: bytes


class Crosswalk:
    """An open crosswalk: `note` keeps a pair, `lookup` finds it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, keys: _Keys, box: "AESGCM") -> None:
        self.path = path
        self.together = 1
        self._connection = connection
        self._keys = keys
        self._box = box
        self._waiting: dict[bytes, Entry] = {}

    @classmethod
    def open(cls, path: Path, key: bytes, *, make: bool = True, together: int = 1) -> Self:
        """The crosswalk in a file, made (for its owner alone) where there is none and `make` says so.

        key: the 32 bytes that the pseudonyms were made with. `together`: so many pairs are written at once; with 1
        each is on the disk when `note` returns. Raises: ConfigurationError (no such file, another key,
        others can read it), RecordInvalid (it was changed by something else), MissingExtra.
        """
        if find_spec("cryptography") is None:
            raise MissingExtra(REMEDY)
        if make:
            _make_file(path)
        _check_access(path)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            with _told_apart(path):
                opened = cls._opened(path, connection, key)
                opened.together = together
                return opened
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _opened(cls, path: Path, connection: sqlite3.Connection, key: bytes) -> Self:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        connection.execute("PRAGMA synchronous = FULL")
        with _transaction(connection):  # all of it: another run may write between head and count
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'head'").fetchone():
                _begin(connection, key)
            head = connection.execute("SELECT salt, key_check FROM head").fetchone()
            if head is None:
                raise RecordInvalid(f"the crosswalk {path} has no head; restore it from a backup")
            keys, sealing = _keys_of(key, head[0])
            if not hmac.compare_digest(_digest(keys.check, head[0]), head[1]):
                problem = f"the crosswalk {path} was made with another key; name the key file it belongs to"
                raise ConfigurationError(problem)
            opened = cls(path, connection, keys, AESGCM(sealing))
            pairs, _ = opened._head()
            if connection.execute("SELECT count(*) FROM pairs").fetchone()[0] != pairs:
                raise opened._changed()
        return opened

    def note(self, kind: str, original: str, pseudonym: str) -> None:
        """Keep that `pseudonym` stands for `original`. The same pair twice is kept once.

        Raises: RecordInvalid, ConfigurationError (the file can't be written).
        """
        entry = Entry(kind, original, pseudonym.strip())
        mark = self._mark(entry)
        with _told_apart(self.path):
            if self._connection.execute("SELECT 1 FROM pairs WHERE mark = ?", (mark,)).fetchone():
                return
        self._waiting[mark] = entry
        if len(self._waiting) >= self.together:
            self.save()

    def save(self) -> None:
        """Write what waits, all of it or nothing; leaving a `with` block does, too.

        Raises: RecordInvalid, ConfigurationError (the file can't be written).
        """
        if not self._waiting:
            return
        with _told_apart(self.path), _transaction(self._connection):
            pairs, total = self._head()
            for mark, entry in self._waiting.items():
                place = self._place(entry.pseudonym)
                row = (place, mark, self._sealed(entry, place + mark))
                put = "INSERT OR IGNORE INTO pairs (place, mark, sealed) VALUES (?, ?, ?)"
                if self._connection.execute(put, row).rowcount:
                    pairs, total = pairs + 1, _xor(total, mark)
            seal = self._seal(pairs, total)
            self._connection.execute("UPDATE head SET pairs = ?, total = ?, seal = ?", (pairs, total, seal))
        self._waiting.clear()

    def lookup(self, pseudonym: str) -> Entry | None:
        """What a pseudonym stands for, the first that was noted; None where it is unknown.

        Raises: RecordInvalid.
        """
        return next(iter(self.entries_of(pseudonym)), None)

    def entries_of(self, pseudonym: str) -> tuple[Entry, ...]:
        """Everything that one pseudonym stands for: two spellings of a name may share one.

        Raises: RecordInvalid.
        """
        self.save()
        place = self._place(pseudonym.strip())
        with _told_apart(self.path):
            look = "SELECT mark, sealed FROM pairs WHERE place = ? ORDER BY number"
            rows = self._connection.execute(look, (place,)).fetchall()
        return tuple(self._unsealed(sealed, place + mark) for mark, sealed in rows)

    def verify(self) -> int:
        """How many pairs there are, once none is known to be changed, added or removed by something else.

        Reads the whole file. Raises: RecordInvalid.
        """
        self.save()
        with _told_apart(self.path), _transaction(self._connection):
            pairs, total = self._head()
            for place, mark, sealed in self._connection.execute("SELECT place, mark, sealed FROM pairs"):
                entry = self._unsealed(sealed, place + mark)
                if mark != self._mark(entry):
                    raise self._changed()
                total = _xor(total, mark)
        if any(total):
            raise self._changed()
        return pairs

    def close(self) -> None:
        """Let go of the file; what still waits is lost."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self.save()
        finally:
            self.close()

    def _head(self) -> tuple[int, bytes]:
        pairs, total, seal = self._connection.execute("SELECT pairs, total, seal FROM head").fetchone()
        if not hmac.compare_digest(self._seal(pairs, total), seal):
            raise self._changed()
        return pairs, total

    def _place(self, pseudonym: str) -> bytes:
        return _digest(self._keys.place, b"place\0" + pseudonym.encode("utf-8", "surrogatepass"))

    def _mark(self, entry: Entry) -> bytes:
        return _digest(self._keys.place, b"pair\0" + _written(entry))

    def _seal(self, pairs: int, total: bytes) -> bytes:
        return _digest(self._keys.head, pairs.to_bytes(8, "big") + total)

    def _sealed(self, entry: Entry, bound_to: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, _written(entry), bound_to)

    def _unsealed(self, sealed: bytes, bound_to: bytes) -> Entry:
        from cryptography.exceptions import InvalidTag

        try:
            told = self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
            kind, original, pseudonym = json.loads(told)
        except (InvalidTag, ValueError, TypeError):
            raise self._changed() from None
        return Entry(kind, original, pseudonym)

    def _changed(self) -> RecordInvalid:
        return RecordInvalid(f"the crosswalk {self.path} was changed by something else; restore it from a backup")


def _begin(connection: sqlite3.Connection, key: bytes) -> None:
    salt, total = secrets.token_bytes(SALT_BYTES), bytes(DIGEST_BYTES)
    keys, _ = _keys_of(key, salt)
    for statement in TABLES.strip().split(";\n"):
        connection.execute(statement)
    row = (salt, _digest(keys.check, salt), total, _digest(keys.head, (0).to_bytes(8, "big") + total))
    connection.execute("INSERT INTO head VALUES (1, ?, ?, 0, ?, ?)", row)


def _keys_of(key: bytes, salt: bytes) -> tuple[_Keys, bytes]:
    """The keys of one file, and the one its pairs are sealed with."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derived(purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=DIGEST_BYTES, salt=salt, info=LABEL + purpose).derive(key)

    made = (derived(purpose) for purpose in (b"check", b"place", b"seal", b"head"))
    keys = _Keys(*made)
    return keys, keys.seal


def _make_file(path: Path) -> None:
    """An empty file that only its owner can read, before anything is written into it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as problem:
        raise ConfigurationError(f"the crosswalk {path} can't be made ({problem.strerror})") from None


def _check_access(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as problem:
        raise ConfigurationError(f"the crosswalk {path} can't be opened ({problem.strerror})") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(f"others can read the crosswalk {path}; take it from them: chmod 600 {path}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _told_apart(path: Path) -> Iterator[None]:
    """A busy or full disk is one thing, a file that something else wrote into is another."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        if "no such" in str(problem):
            raise RecordInvalid(f"the crosswalk {path} is damaged; restore it from a backup") from None
        raise ConfigurationError(f"the crosswalk {path} can't be used now ({problem}); try again") from None
    except (sqlite3.DatabaseError, TypeError, AttributeError):
        raise RecordInvalid(f"the crosswalk {path} is damaged; restore it from a backup") from None


def _written(entry: Entry) -> bytes:
    return json.dumps([entry.kind, entry.original, entry.pseudonym]).encode("ascii")


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
