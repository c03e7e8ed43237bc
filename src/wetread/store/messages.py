"""HL7 messages that came in, each once, with what became of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from wetread.errors import NotFound
from wetread.store.tables import messages

DONE, PROBLEM, IGNORED = "done", "problem", "ignored"
LONGEST_PROBLEM = 1000
MOST_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Come:
    """A message as it came. `sender` is its application and facility, `kind` what MSH-9 says."""

    sender: str
    control_id: str | None
    kind: str
    body: bytes

    @property
    def digest(self) -> str:
        """Of sender and bytes: the same message again has the same."""
        return hashlib.sha256(self.sender.encode("utf-8", "surrogatepass") + b"\n" + self.body).hexdigest()


def enter(connection: Connection, come: Come, *, now: datetime) -> tuple[int, str | None]:
    """Write a message down; its id, and what became of it where it came before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {
        "digest": come.digest,
        "sender": come.sender[:128],
        "control_id": come.control_id,
        "kind": come.kind[:32],
        "body": come.body,
        "state": PROBLEM,
        "received_at": now,
    }
    adding = dialect.insert(messages).values(**row).on_conflict_do_nothing(index_elements=["digest"])
    mine = messages.c.digest == come.digest
    is_new = connection.execute(adding.returning(messages.c.message_id)).first() is not None
    found = connection.execute(select(messages.c.message_id, messages.c.state).where(mine).with_for_update()).one()
    return int(found.message_id), None if is_new else str(found.state)


def settle(connection: Connection, message_id: int, state: str, problem: str | None = None) -> None:
    """Say what became of it. The problem names no patient."""
    values = {"state": state, "problem": problem[:LONGEST_PROBLEM] if problem else None}
    connection.execute(update(messages).where(messages.c.message_id == message_id).values(**values))


def message_of(connection: Connection, message_id: int) -> RowMapping:
    """A message, locked.

    Raises: NotFound.
    """
    look = select(messages).where(messages.c.message_id == message_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no message {message_id}")
    return row


def page(connection: Connection, *, state: str | None, after: int | None, limit: int = MOST_ROWS) -> list[RowMapping]:
    """Messages without their bodies, the newest first; those before the message `after`."""
    columns = [column for column in messages.c if column.name != "body"]
    look = select(*columns).order_by(messages.c.message_id.desc()).limit(limit)
    if state is not None:
        look = look.where(messages.c.state == state)
    if after is not None:
        look = look.where(messages.c.message_id < after)
    return list(connection.execute(look).mappings())


def forget_messages(connection: Connection, *, before: datetime) -> int:
    """Drop messages that were done or ignored before then; how many. Problems stay until a human settles them."""
    old = (messages.c.received_at < before, messages.c.state != PROBLEM)
    return connection.execute(delete(messages).where(*old)).rowcount
