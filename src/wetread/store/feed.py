"""The feed of changes, as a listener hears it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from wetread.store.tables import events

LATE = 256  # numbers are given before their transaction ends: a smaller one may show up after a larger one


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. It names a study by its id and holds nothing of a patient."""

    event_id: int
    at: datetime
    kind: str
    study_id: str | None
    data: Mapping[str, Any]


class Ear:
    """Hears each change once, those that come late included. Not for several threads at once.

    `after` is the last change that was heard before; everything that is still kept after it is heard again.
    """

    def __init__(self, after: int) -> None:
        self.last = after
        self._floor = after
        self._heard: set[int] = set()

    def hear(self, connection: Connection, *, most: int = 500) -> list[Change]:
        """What is new, oldest first."""
        since = max(self._floor, self.last - LATE)
        look = select(events).where(events.c.event_id > since).order_by(events.c.event_id).limit(most + LATE)
        rows = connection.execute(look).mappings().all()
        new = [Change(**row) for row in rows if row["event_id"] not in self._heard][:most]
        self._heard.update(change.event_id for change in new)
        self.last = max((self.last, *(change.event_id for change in new)))
        self._heard = {number for number in self._heard if number > self.last - LATE}
        return new


def newest(connection: Connection) -> int:
    """The number of the last change, 0 where there is none."""
    return int(connection.execute(select(func.max(events.c.event_id))).scalar() or 0)
