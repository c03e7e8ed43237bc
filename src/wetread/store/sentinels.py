"""Sentinel cases: fixed studies that every reader is asked of again and again, and what each said of them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from wetread.errors import Conflict, NotFound
from wetread.store.facts import storable
from wetread.store.tables import sentinel_answers, sentinels


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """A fixed case: its files by hash, and what bare pictures among them are (modality, body_part, projection)."""

    sentinel_id: str
    name: str
    blobs: tuple[str, ...]
    declared: Mapping[str, str]
    by: str
    at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelAnswer:
    """What one reader said of a sentinel, by code: {"presence": …, "probability": … or None}."""

    name: str
    reader: str
    fingerprint: str
    at: datetime
    said: Mapping[str, Mapping[str, Any]]
    cost_usd: float | None = None


def add_sentinel(
    connection: Connection,
    name: str,
    blobs: Sequence[str],
    *,
    declared: Mapping[str, str],
    by: str,
    now: datetime,
) -> Sentinel:
    """A new sentinel.

    Raises: Conflict where there is one of this name, retired or not: its history stays its own.
    """
    if connection.scalar(select(sentinels.c.sentinel_id).where(sentinels.c.name == name)) is not None:
        raise Conflict(f"there is a sentinel called {name!r} already; give this one another name")
    made = Sentinel(
        sentinel_id=secrets.token_hex(16), name=name, blobs=tuple(blobs), declared=dict(declared), by=by, at=now
    )
    row = {"sentinel_id": made.sentinel_id, "name": name, "blobs": list(blobs), "declared": dict(declared)}
    connection.execute(insert(sentinels).values(**storable(sentinels, {**row, "by": by, "at": now})))
    return made


def retire_sentinel(connection: Connection, name: str, *, now: datetime) -> Sentinel:
    """The sentinel is asked of no more; what was said of it stays.

    Raises: NotFound; Conflict where it is retired already.
    """
    row = connection.execute(select(sentinels).where(sentinels.c.name == name)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no sentinel called {name!r}; see `wetread sentinel list`")
    if row["retired_at"] is not None:
        raise Conflict(f"sentinel {name!r} is retired already")
    connection.execute(update(sentinels).where(sentinels.c.name == name).values(retired_at=now))
    return _sentinel({**row, "retired_at": now})


def sentinels_of(connection: Connection, *, retired: bool = False) -> tuple[Sentinel, ...]:
    """The sentinels by name; `retired`: those that are no longer asked of as well."""
    look = select(sentinels).order_by(sentinels.c.name)
    if not retired:
        look = look.where(sentinels.c.retired_at.is_(None))
    return tuple(_sentinel(dict(row)) for row in connection.execute(look).mappings())


def sentinel_blobs(connection: Connection) -> frozenset[str]:
    """The files of every sentinel that is asked of: they are never swept away."""
    told = connection.scalars(select(sentinels.c.blobs).where(sentinels.c.retired_at.is_(None)))
    return frozenset(blob for blobs in told for blob in blobs)


def keep_answer(connection: Connection, sentinel_id: str, answer: SentinelAnswer) -> None:
    """Keep what a reader said."""
    row = {
        "sentinel_id": sentinel_id,
        "reader": answer.reader,
        "fingerprint": answer.fingerprint,
        "at": answer.at,
        "said": {code: dict(told) for code, told in answer.said.items()},
        "cost_usd": answer.cost_usd,
    }
    connection.execute(insert(sentinel_answers).values(**storable(sentinel_answers, row)))


def answers_between(
    connection: Connection, reader: str, since: datetime | None, until: datetime
) -> tuple[SentinelAnswer, ...]:
    """What a reader said of sentinels that are still asked of, oldest first; since ever where `since` is None."""
    mine = [sentinel_answers.c.reader == reader, sentinel_answers.c.at < until, sentinels.c.retired_at.is_(None)]
    if since is not None:
        mine.append(sentinel_answers.c.at >= since)
    columns = (sentinels.c.name, *(sentinel_answers.c[part] for part in ("reader", "fingerprint", "at", "said")))
    look = select(*columns, sentinel_answers.c.cost_usd).join_from(sentinel_answers, sentinels).where(*mine)
    rows = connection.execute(look.order_by(sentinel_answers.c.at, sentinel_answers.c.answer_id)).mappings()
    return tuple(SentinelAnswer(**row) for row in rows)


def first_answers(connection: Connection, reader: str) -> tuple[SentinelAnswer, ...]:
    """What a reader said first of each sentinel that is still asked of: what it is held to."""
    mine = sentinel_answers.c.reader == reader, sentinels.c.retired_at.is_(None)
    first = select(func.min(sentinel_answers.c.answer_id)).join_from(sentinel_answers, sentinels).where(*mine)
    first = first.group_by(sentinel_answers.c.sentinel_id)
    columns = (sentinels.c.name, *(sentinel_answers.c[part] for part in ("reader", "fingerprint", "at", "said")))
    look = select(*columns, sentinel_answers.c.cost_usd).join_from(sentinel_answers, sentinels)
    rows = connection.execute(look.where(sentinel_answers.c.answer_id.in_(first)).order_by(sentinels.c.name))
    return tuple(SentinelAnswer(**row) for row in rows.mappings())


def last_asked(connection: Connection, reader: str) -> dict[str, datetime]:
    """When a reader last answered on each sentinel, by the sentinel's id."""
    look = select(sentinel_answers.c.sentinel_id, func.max(sentinel_answers.c.at))
    rows = connection.execute(look.where(sentinel_answers.c.reader == reader).group_by(sentinel_answers.c.sentinel_id))
    return {row[0]: row[1] for row in rows}


def _sentinel(row: Mapping[str, Any]) -> Sentinel:
    return Sentinel(**{**row, "blobs": tuple(row["blobs"])})
