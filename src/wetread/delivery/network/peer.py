"""A DICOM node that objects are sent to, and the words for what goes wrong with it."""

import ssl
from dataclasses import dataclass, field

from wetread.errors import DeliveryFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where it is, who it is, who we are to it. `tls` None speaks in the clear."""

    name: str  # of the destination
    host: str
    port: int
    ae_title: str
    our_ae_title: str
    timeout_s: float
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def for_now(self, what: str) -> DeliveryFailed:
        """It did not take it, but may later."""
        return DeliveryFailed(f"{self._told(what)}; it is tried again", retry=True)

    def for_good(self, what: str, remedy: str) -> DeliveryFailed:
        """It won't take it until somebody changes something."""
        return DeliveryFailed(f"{self._told(what)}; {remedy}", retry=False)

    def _told(self, what: str) -> str:
        return f"destination {self.name!r}: node {self.ae_title}: {what}"
