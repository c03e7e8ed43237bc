"""What may leave the house: the egress policy, and identifiers taken out of requests."""

from wetread.privacy.egress import decide, is_on_site
from wetread.privacy.gate import SUSPICIOUS, EgressGate
from wetread.privacy.identifiers import identifiers_of

__all__ = ["SUSPICIOUS", "EgressGate", "decide", "identifiers_of", "is_on_site"]
