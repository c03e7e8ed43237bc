"""In the place of a reader that the site does not ask: whoever asks is told why."""

from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.domain.view import ViewPlan
from wetread.errors import NotPromoted

SMALL = ViewPlan(max_edge_px=64, max_images=1)  # nobody looks at it


class Barred:
    """A reader that is never asked, with the reason; it has its own name and identity, so that reports name it."""

    def __init__(self, identity: ReaderIdentity, reason: str) -> None:
        self.name = identity.name
        self.identity = identity
        self.plan = SMALL
        self.reason = reason

    async def read(self, request: ReadRequest) -> Read:
        """Nothing is read.

        Raises: NotPromoted with the reason.
        """
        del request
        raise NotPromoted(self.reason)
