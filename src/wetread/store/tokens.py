"""Tokens of programs: `wr_` and 43 characters (256 bits), of which only the SHA-256 is kept."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from wetread.domain.people import Caller, Role
from wetread.errors import InputError, NotFound
from wetread.store.database import Database
from wetread.store.sessions import digest
from wetread.store.tables import tokens

PREFIX = "wr_"
LENGTH = len(PREFIX) + 43
SEEN_EVERY_S = 60  # how exactly the last use is known; each request would else write
MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as others may see it; the token itself is shown once, when it is made."""

    token_id: str
    label: str
    role: Role
    created_by: str
    created_at: datetime
    until: datetime | None
    seen_at: datetime | None
    revoked_at: datetime | None


Then = Callable[[Connection, Token], object]  # what belongs to a change (its audit line), last in its transaction


def add_token(
    db: Database,
    *,
    role: Role,
    label: str = "",
    by: str,
    days: int | None = None,
    now: datetime,
    then: Then | None = None,
) -> tuple[str, Token]:
    """A new token and what is known of it. `days`: how long it is good for; None: until it is revoked.

    Raises: InputError.
    """
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise InputError("the token", f"can't last {days} days", f"1 to {MAX_DAYS}")
    text = PREFIX + secrets.token_urlsafe(32)
    values: dict[str, Any] = {"token_id": secrets.token_hex(8), "label": label.strip()[:100], "role": role.value}
    values |= {"created_by": by, "created_at": now, "until": None if days is None else now + timedelta(days=days)}
    made = _token({**values, "seen_at": None, "revoked_at": None})
    with db.write() as connection:
        connection.execute(insert(tokens).values(**values, secret=digest(text)))
        if then is not None:
            then(connection, made)
    return text, made


def tokens_of(db: Database) -> list[Token]:
    """All tokens that were ever made, the newest first."""
    with db.read() as connection:
        rows = connection.execute(select(tokens).order_by(tokens.c.created_at.desc(), tokens.c.token_id)).mappings()
        return [_token(row) for row in rows]


def revoke_token(db: Database, token_id: str, *, now: datetime, then: Then | None = None) -> Token:
    """From now on the token opens nothing. Revoking it again changes nothing.

    Raises: NotFound.
    """
    with db.write() as connection:
        mine = tokens.c.token_id == token_id
        connection.execute(update(tokens).where(mine & tokens.c.revoked_at.is_(None)).values(revoked_at=now))
        row = connection.execute(select(tokens).where(mine)).mappings().one_or_none()
        if row is None:
            raise NotFound(f"there is no token {token_id}; `wetread token list` names them")
        revoked = _token(row)
        if then is not None:
            then(connection, revoked)
        return revoked


def holder_of_token(db: Database, text: str, *, now: datetime) -> Caller | None:
    """Who shows this token, if it is good."""
    if len(text) != LENGTH or not text.startswith(PREFIX):
        return None
    with db.read() as connection:
        row = connection.execute(select(tokens).where(tokens.c.secret == digest(text))).mappings().one_or_none()
    if row is None or row["revoked_at"] is not None or (row["until"] is not None and row["until"] <= now):
        return None
    if row["seen_at"] is None or (now - row["seen_at"]).total_seconds() >= SEEN_EVERY_S:
        with db.write() as connection:
            connection.execute(update(tokens).where(tokens.c.token_id == row["token_id"]).values(seen_at=now))
    # a login has no colon, so no token can pass for a person
    name = f"token:{row['label'] or row['token_id']}"
    return Caller(name=name, roles=frozenset({Role(row["role"])}), token_id=row["token_id"])


def _token(row: RowMapping | dict[str, Any]) -> Token:
    return Token(
        token_id=row["token_id"],
        label=row["label"],
        role=Role(row["role"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        until=row["until"],
        seen_at=row["seen_at"],
        revoked_at=row["revoked_at"],
    )
