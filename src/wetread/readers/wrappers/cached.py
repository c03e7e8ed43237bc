"""The same request is answered once. The same means the same hash: never what only looks alike."""

import asyncio
from dataclasses import dataclass

from wetread.domain.read import Read, ReadRequest
from wetread.ports import Reader
from wetread.readers.wrappers.kept import is_own, keep, key_of_request, recall
from wetread.readers.wrappers.stores import Store
from wetread.readers.wrappers.wrapper import Wrapper


@dataclass(slots=True)
class _Flight:
    """A call under way, how many wait for it, and what it leaves for the others."""

    call: asyncio.Task[tuple[Read, bytes | None]]
    waiting: int = 0


class Cached(Wrapper):
    """A reader whose answers are kept. Failures never are, nor answers of a stand-in.

    The key is over the reader's identity, every fact of the views but their names, the order and the policy. Equal
    requests at the same time share one call; it ends early only when nobody waits for it any longer.
    """

    def __init__(self, reader: Reader, store: Store, *, policy_sha256: str) -> None:
        super().__init__(reader)
        self._store = store
        self._policy_sha256 = policy_sha256
        self._flights: dict[str, _Flight] = {}

    async def read(self, request: ReadRequest) -> Read:
        """The kept read, pointed at this request's views and free of cost, or a new one."""
        key = key_of_request(self.identity, request, self._policy_sha256)
        if (found := self._found(key, request)) is not None:
            return found
        flight = self._flights.get(key)
        if flight is not None:
            _, body = await self._share(key, flight)
            read = recall(body, request, key) if body is not None else None
            return read if read is not None else await self.reader.read(request)
        flight = self._flights[key] = _Flight(asyncio.create_task(self._ask(key, request)))
        read, _ = await self._share(key, flight)
        return read

    def _found(self, key: str, request: ReadRequest) -> Read | None:
        body = self._store.get(key)
        if body is None:
            return None
        try:
            return recall(body, request, key)
        except ValueError:
            self._store.remove(key)
            return None

    async def _ask(self, key: str, request: ReadRequest) -> tuple[Read, bytes | None]:
        try:
            read = await self.reader.read(request)
            body = keep(read, request, key) if is_own(read, self.identity) else None
            if body is not None:
                self._store.put(key, body)
            return read, body
        finally:
            if (flight := self._flights.get(key)) is not None and flight.call is asyncio.current_task():
                del self._flights[key]

    async def _share(self, key: str, flight: _Flight) -> tuple[Read, bytes | None]:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.call)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.call.done():
                if self._flights.get(key) is flight:
                    del self._flights[key]  # whoever comes now begins anew
                flight.call.cancel()
