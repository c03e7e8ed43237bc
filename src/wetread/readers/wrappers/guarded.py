"""Nothing leaves but what the gate has cleared."""

import asyncio
from dataclasses import replace

from wetread.domain.egress import Cleared, Endpoint
from wetread.domain.read import Read, ReadRequest
from wetread.errors import EgressDenied
from wetread.ports import Gate, Reader
from wetread.readers.wrappers.louder import merged
from wetread.readers.wrappers.wrapper import Wrapper, with_trace


class Guarded(Wrapper):
    """A reader behind an endpoint that is sent cleared requests alone. Put it outside caches: they key what is sent."""

    def __init__(self, reader: Reader, endpoint: Endpoint, gate: Gate) -> None:
        super().__init__(reader)
        self._endpoint = endpoint
        self._gate = gate

    async def read(self, request: ReadRequest) -> Read:
        """The read of the cleared request, with what the gate noticed and the rule that let it go.

        Raises: EgressDenied with the reason, and what the reader raises.
        """
        cleared = await asyncio.to_thread(self._gate.clear, request, self._endpoint)  # it looks at pixels
        if not cleared.decision.allowed:
            raise EgressDenied(f"{self.name}: {cleared.decision.reason} ({cleared.decision.rule})")
        read = await self.reader.read(cleared.request)
        noticed = replace(
            read,
            findings=merged((*read.findings, *cleared.findings)),
            limitations=tuple(dict.fromkeys((*read.limitations, *cleared.limitations))),
            views_read=_sent(read, cleared),
        )
        return with_trace(noticed, egress=cleared.decision.rule)


def _sent(read: Read, cleared: Cleared) -> tuple[str, ...]:
    """The pictures it read, as they were sent; all that were sent where it names none of them."""
    sent = tuple(view.pixel_sha256 for view in cleared.request.views)
    return tuple(named for named in read.views_read if named in sent) or sent
