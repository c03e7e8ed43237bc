"""What may leave the house and where to: data classes, endpoints, decisions."""

from dataclasses import dataclass
from enum import StrEnum

from wetread.domain.finding import Finding
from wetread.domain.read import ReadRequest
from wetread.domain.view import Limitation


class DataClass(StrEnum):
    """What a site says its studies are. Unknown is treated as the strictest."""

    SYNTHETIC = "synthetic"
    PUBLIC = "public"
    DEIDENTIFIED = "deidentified"
    US_HEALTH = "us_health"
    EU_PERSONAL = "eu_personal"
    CHINA_SENSITIVE = "china_sensitive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a reader's requests go, and what was agreed with whoever runs it. Nothing agreed is the default.

    `region` is where data is processed: US, EEA, CN, … ; `reseller` passes requests on to others.
    """

    name: str
    host: str
    on_site: bool = False
    region: str | None = None
    processing_agreement: bool = False
    baa: bool = False
    zero_retention: bool = False
    no_training: bool = False
    reseller: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether data of a class may go to an endpoint: the rule that decided and the reason in words."""

    allowed: bool
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A request that may go: identifiers masked or taken out, with what was noticed on the way.

    `findings` are for a human (text in the pictures that gives orders), `limitations` what was masked or withheld.
    """

    request: ReadRequest
    decision: Decision
    findings: tuple[Finding, ...] = ()
    limitations: tuple[Limitation, ...] = ()
