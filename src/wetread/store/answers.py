"""What readers answered, kept as soon as it is there: a finished read or call is never asked and paid for again."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from wetread.domain.read import Abstention, Answer, Read
from wetread.store.database import Database
from wetread.store.jobs import read_id
from wetread.store.records import from_record, to_record
from wetread.store.tables import calls, reads


def kept_read(db: Database, study_id: str, version: int, *, reader: str, fingerprint: str) -> Read | None:
    """The reader's finished read of this version of the study, None where there is none.

    Raises: StoreUnavailable, RecordInvalid.
    """
    name = read_id(study_id, version, reader, fingerprint)
    with db.read() as connection:
        body = connection.scalar(select(reads.c.body).where(reads.c.read_id == name, reads.c.answered))
    if body is None:
        return None
    answer: Answer = from_record(Answer, body)
    return answer if isinstance(answer, Read) else None


def keep_read(
    db: Database, study_id: str, version: int, read: Read, *, reader: str, fingerprint: str, now: datetime
) -> None:
    """Keep a finished read; the first one stays.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        _keep(connection, study_id, version, read, reader=reader, fingerprint=fingerprint, now=now)


def keep_abstentions(
    connection: Connection, study_id: str, version: int, answers: Iterable[Answer], *, now: datetime
) -> None:
    """Who of a report's readers did not answer and why, for people to look at. Reads are kept when they are made."""
    for answer in (one for one in answers if isinstance(one, Abstention)):
        who = answer.reader
        _keep(connection, study_id, version, answer, reader=who.name, fingerprint=who.fingerprint, now=now)


def _keep(
    connection: Connection,
    study_id: str,
    version: int,
    answer: Answer,
    *,
    reader: str,
    fingerprint: str,
    now: datetime,
) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    answered = isinstance(answer, Read)
    told = {
        "body": to_record(Answer, answer),
        "answered": answered,
        "cost_usd": answer.cost_usd if isinstance(answer, Read) else None,
        "latency_s": answer.trace.latency_s if isinstance(answer, Read) and answer.trace else None,
        "at": now,
    }
    name = read_id(study_id, version, reader, fingerprint)
    row = {"read_id": name, "study_id": study_id, "version": version, "reader": reader, "fingerprint": fingerprint}
    adding = dialect.insert(reads).values(**row, **told)
    # nothing takes the place of a finished read
    connection.execute(adding.on_conflict_do_update(index_elements=["read_id"], set_=told, where=~reads.c.answered))


def kept_call(db: Database, call_id: str) -> str | None:
    """What a finished call gave.

    Raises: StoreUnavailable.
    """
    with db.read() as connection:
        body: str | None = connection.scalar(select(calls.c.body).where(calls.c.call_id == call_id))
        return body


def keep_call(db: Database, call_id: str, body: str, *, now: datetime) -> str:
    """Keep what a call gave; the first one stays and is returned.

    Raises: StoreUnavailable.
    """
    dialect = sqlite if db.is_sqlite else postgresql
    with db.write() as connection:
        connection.execute(dialect.insert(calls).values(call_id=call_id, body=body, at=now).on_conflict_do_nothing())
        return str(connection.scalar(select(calls.c.body).where(calls.c.call_id == call_id)))


def secret_of(db: Database, call_id: str, *, now: datetime) -> str:
    """A random word kept under this name: the same at every beginning, known to nobody outside.

    Raises: StoreUnavailable.
    """
    return kept_call(db, call_id) or keep_call(db, call_id, secrets.token_hex(16), now=now)


def forget_calls(db: Database, *, before: datetime) -> int:
    """Remove calls of reads that are long finished; how many.

    Raises: StoreUnavailable.
    """
    with db.write() as connection:
        return connection.execute(delete(calls).where(calls.c.at < before)).rowcount
