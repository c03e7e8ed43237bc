"""A reader that is never asked twice: its finished read of a study's version is kept, its single calls as well."""

from dataclasses import replace
from functools import partial

from wetread.domain.read import Read, ReadRequest
from wetread.panel import Cascade
from wetread.pipeline import Desk
from wetread.ports import Clock, Reader, Substituted
from wetread.readers.wrappers.wrapper import Wrapper
from wetread.store.answers import keep_call, keep_read, kept_call, kept_read
from wetread.store.database import Database
from wetread.worklist.patience import patiently_in_thread


class Remembered(Wrapper):
    """The reader inside, asked once for a version of a study however often its flow begins anew.

    Kept is what it read, not that it failed: a reader that did not answer is asked again.
    """

    def __init__(self, reader: Reader, *, study_id: str, version: int, database: Database, clock: Clock) -> None:
        super().__init__(reader)
        if isinstance(reader, Substituted):
            self.plans = reader.plans
        self._database, self._clock = database, clock
        self._study_id, self._version = study_id, version

    async def read(self, request: ReadRequest) -> Read:
        """The kept read, or a new one, which is kept before it is given.

        Raises: what the reader raises.
        """
        where = (self._database, self._study_id, self._version)
        name, print_ = self.name, self.identity.fingerprint
        kept: Read | None = await patiently_in_thread(partial(kept_read, *where, reader=name, fingerprint=print_))
        if kept is not None:
            return kept
        read = await self.reader.read(request)
        now = self._clock.now()
        await patiently_in_thread(partial(keep_read, *where, read, reader=name, fingerprint=print_, now=now))
        return read


def remembering(desk: Desk, *, study_id: str, version: int, database: Database, clock: Clock) -> Desk:
    """The desk with every reader of it remembered, a cascade's two as well."""
    wrap = partial(Remembered, study_id=study_id, version=version, database=database, clock=clock)

    def each(item: Reader | Cascade) -> Reader | Cascade:
        if isinstance(item, Cascade):
            return replace(item, first=wrap(item.first), then=wrap(item.then))
        return wrap(item)

    return replace(desk, readers=tuple(map(each, desk.readers)))


class Calls:
    """The journal of single calls, in the store (`readers.vision.journal.Journal`)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def recall(self, key: str) -> str | None:
        """What the call gave, None where it was not finished."""
        return await patiently_in_thread(kept_call, self._database, key)

    async def record(self, key: str, body: str) -> str:
        """Keep what a call gave; what is kept."""
        return await patiently_in_thread(partial(keep_call, self._database, key, body, now=self._clock.now()))
