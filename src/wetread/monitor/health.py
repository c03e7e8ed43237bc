"""Is the service ready? A check a part, each saying what it found and what to do."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, select

from wetread.errors import ServiceError
from wetread.monitor.room import Parts
from wetread.store.blobs import Blobs
from wetread.store.database import Database
from wetread.store.schema import newest_version, schema_version
from wetread.store.tables import executors


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the service. `vital`: without it nothing can be taken in or shown."""

    name: str
    well: bool
    text: str
    vital: bool = True


class WithBlobs(Parts, Protocol):
    """The parts, with where objects are kept."""

    @property
    def blobs(self) -> Blobs:
        """The store's objects."""
        ...


def ready(parts: WithBlobs) -> tuple[Check, ...]:
    """Every check, in the order an object takes. It is ready where all vital ones are well."""
    database = _database(parts.database)
    checks = [_spool(parts), _blobs(parts.blobs), database]
    if database.well:
        checks.append(_schema(parts.database))
    if checks[-1].name == "schema" and checks[-1].well:
        checks.append(_worker(parts))
    return tuple(checks)


def is_ready(checks: tuple[Check, ...]) -> bool:
    """Whether every vital part is well."""
    return all(check.well for check in checks if check.vital)


def _spool(parts: Parts) -> Check:
    wanted = parts.settings.service.listener.min_free_bytes
    try:
        free = parts.spool.free_bytes()
    except OSError as problem:
        return Check(name="spool", well=False, text=f"it can't be used ({problem.strerror}); check the data folder")
    text = f"{free / 1e9:.1f} GB are left"
    if free < wanted:
        return Check(name="spool", well=False, text=f"{text}, less than min_free_bytes: objects are refused; make room")
    return Check(name="spool", well=True, text=text)


def _blobs(blobs: Blobs) -> Check:
    """Write, find and remove something that nobody else has."""
    try:
        name, _ = blobs.put_bytes(b"wetread readiness " + secrets.token_hex(16).encode())
        there = blobs.exists(name)
        blobs.remove(name)
    except (ServiceError, OSError) as problem:
        return Check(
            name="blobs", well=False, text=f"they can't be written ({problem}); check the place and its rights"
        )
    return Check(name="blobs", well=there, text="writable" if there else "what is written is not found again")


def _database(database: Database) -> Check:
    try:
        with database.read() as connection:
            connection.execute(select(1))
    except ServiceError as problem:
        return Check(name="database", well=False, text=str(problem))
    return Check(name="database", well=True, text="answers")


def _schema(database: Database) -> Check:
    found, wanted = schema_version(database), newest_version()
    if found == wanted:
        return Check(name="schema", well=True, text=f"at {found}")
    return Check(name="schema", well=False, text=f"at {found}, this software wants {wanted}; start the service once")


def _worker(parts: Parts) -> Check:
    stale_s = parts.settings.service.flow.stale_after_s
    since = parts.clock.now() - timedelta(seconds=stale_s)
    with parts.database.read() as connection:
        alive = connection.execute(select(func.count()).where(executors.c.seen_at >= since)).scalar_one()
    text = f"{alive} alive" if alive else "none alive: studies come in but are not read; start `wetread work`"
    return Check(name="workers", well=alive > 0, text=text, vital=False)
