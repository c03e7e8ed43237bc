"""The audit: append-only lines, each sealed with the hash of the one before.

An edited, removed, inserted or reordered line breaks the chain at a place that `verify` names. Lines cut off the end
leave a whole chain: compare its head with one that was written down elsewhere (`verify(expect=…)`). The first migration
adds triggers by which the database itself refuses to change or remove a line.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, cast, func, insert, select, type_coerce

from wetread.errors import InputError
from wetread.store.database import Database
from wetread.store.moments import EPOCH, MICROSECOND
from wetread.store.tables import audit

GENESIS = "0" * 64
HEAD = re.compile(r"[0-9]{1,18}:[0-9a-f]{64}")
LOCK = 7_483_010_264_115_503  # of PostgreSQL's advisory locks; any number that nobody else takes
SEALED = ("seq", "at", "actor", "roles", "action", "object", "outcome", "address", "data", "previous")
COLUMNS = (*SEALED, "hash")
TEXTS = frozenset(COLUMNS) - {"seq", "at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last line of the chain, as one word: `SEQ:HASH`. An empty audit has `0:000…`."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head that was written down.

        Raises: InputError.
        """
        if not HEAD.fullmatch(text.strip()):
            raise InputError("the expected head", "is not SEQ:HASH", "copy it as `wetread audit verify` prints it")
        seq, _, digest = text.strip().partition(":")
        return cls(seq=int(seq), hash=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the chain holds: how many lines were looked at, its head, and where and why it breaks first."""

    lines: int
    head: Head
    broken_at: int | None = None
    why: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_at is None


def append(
    db: Database,
    *,
    actor: str,
    roles: Iterable[str],
    action: str,
    object: str,  # noqa: A002 - the audit's word
    outcome: str,
    address: str | None = None,
    now: datetime,
    **data: Any,
) -> Head:
    """Add one line, in a transaction of its own.

    `object` is `kind/id` (`study/<study_id>`, `user/<login>`, `worklist`); `data` must hold nothing of a patient.

    Raises: StoreUnavailable (then what was asked for must not be given).
    """
    line = {"actor": actor, "roles": roles, "action": action, "object": object, "outcome": outcome, "address": address}
    with db.write() as connection:
        return append_in(connection, now=now, line=line, data=data)


def append_in(
    connection: Connection, *, now: datetime, line: Mapping[str, Any], data: Mapping[str, Any] | None = None
) -> Head:
    """Add one line inside a transaction, so that it stands or falls with what it tells of. Call it last in there.

    `line` holds actor, roles, action, object, outcome and address. Appends of all processes wait for each other here:
    on SQLite by the write lock that `Database.write` holds, on PostgreSQL by an advisory lock until the commit.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    before = _head(connection)
    row: dict[str, Any] = {
        "seq": before.seq + 1,
        "at": (now - EPOCH) // MICROSECOND,
        "actor": _fit(line["actor"], 128),
        "roles": ",".join(sorted(str(role) for role in line["roles"])),
        "action": _fit(line["action"], 32),
        "object": _fit(line["object"], 500),
        "outcome": _fit(line["outcome"], 12),
        "address": None if line.get("address") is None else _fit(line["address"], 128),
        "data": _canonical(dict(data or {})),
        "previous": before.hash,
    }
    head = Head(seq=row["seq"], hash=_seal(row))
    connection.execute(insert(audit).values(**{**row, "at": now}, hash=head.hash))
    return head


def head(db: Database) -> Head:
    """The last line of the chain."""
    with db.read() as connection:
        return _head(connection)


def verify(db: Database, expect: Head | None = None) -> Verdict:
    """Walk the whole chain, line by line, and name the first that is wrong.

    `expect` is a head that was written down before: the chain must still contain it.
    """
    last = Head(seq=0, hash=GENESIS)
    lines = 0
    for row in _raw(db):
        why = _fault(row, last)
        if why is None and expect is not None and row["seq"] == expect.seq and row["hash"] != expect.hash:
            why = "it is not the line that was written down as the head: the chain was made anew"
        if why is not None:
            at = last.seq + 1 if why.startswith("missing") else row["seq"]
            return Verdict(lines=lines, head=last, broken_at=at, why=why)
        last = Head(seq=row["seq"], hash=row["hash"])
        lines += 1
    if expect is not None and expect.seq > last.seq:
        why = f"missing: lines were cut off the end, the chain once reached line {expect.seq}"
        return Verdict(lines=lines, head=last, broken_at=last.seq + 1, why=why)
    return Verdict(lines=lines, head=last)


def _head(connection: Connection) -> Head:
    row = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    return Head(seq=0, hash=GENESIS) if row is None else Head(seq=row.seq, hash=row.hash)


def _raw(db: Database) -> Iterator[dict[str, Any]]:
    """Every line as the database holds it, unparsed: an edited one may hold anything, on SQLite even no text."""
    columns = [_column(name, is_sqlite=db.is_sqlite).label(name) for name in COLUMNS]
    query = select(*columns).order_by(audit.c.seq).execution_options(yield_per=1000)
    with db.read() as connection:
        for row in connection.execute(query).mappings():
            yield {name: _text(row[name]) for name in COLUMNS}


def _column(name: str, *, is_sqlite: bool) -> ColumnElement[Any]:
    if name == "at":
        return type_coerce(audit.c.at, BigInteger)
    return cast(audit.c[name], LargeBinary) if is_sqlite and name in TEXTS else audit.c[name]


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _fault(row: Mapping[str, Any], last: Head) -> str | None:
    """What is wrong with a line after the one before, None where nothing is."""
    if row["seq"] != last.seq + 1:
        return f"missing: the line after {last.seq} is {row['seq']}; what stood between was removed"
    if row["hash"] != _seal(row):
        return "its hash does not fit what it says: it was edited, inserted or moved"
    if row["previous"] != last.hash:
        return f"it does not follow line {last.seq}: a line was exchanged or the chain was made anew from here"
    return None


def _seal(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical({name: row[name] for name in SEALED}).encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _fit(text: str, length: int) -> str:
    """Text that a column takes: no control characters (PostgreSQL has no NUL), no lone surrogates, not too long."""
    kept = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))
    return kept[:length]
