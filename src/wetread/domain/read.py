"""What is asked of a reader and what it answers."""

from dataclasses import dataclass

from wetread.domain.finding import Finding, Presence, check_unit_interval
from wetread.domain.order import Order
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation, View


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader is shown: views, the examination, the order. Nothing that identifies the patient.

    A view's origin names its file and object, so that evidence can point back: a reader outside the house is
    never sent them.
    """

    study_ref: str
    views: tuple[View, ...]
    order: Order
    age_years: float | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderIdentity:
    """Which reader, exactly: part of every answer's provenance."""

    name: str
    version: str
    fingerprint: str
    model_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Technical quality: diagnostic, limited or non_diagnostic, with issue codes."""

    grade: str
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One reader's coded findings: every code it checked, whatever the presence.

    `priority_claim` is what the reader itself says of the urgency; it can only raise.
    `cost_usd` is None where nobody measured it, 0.0 only where reading is known to be free.
    """

    reader: ReaderIdentity
    findings: tuple[Finding, ...]
    abnormal_probability: float | None = None
    quality: Quality | None = None
    priority_claim: Priority | None = None
    impression: str | None = None
    limitations: tuple[Limitation, ...] = ()
    views_read: tuple[str, ...] = ()
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        check_unit_interval("abnormal_probability", self.abnormal_probability)

    @property
    def answered(self) -> bool:
        """True where it says anything of the study: an empty read is silence, and silence is not routine."""
        said = any(finding.presence is not Presence.NOT_ASSESSABLE for finding in self.findings)
        return said or self.abnormal_probability is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """A reader that did not answer. `failed` tells a breakdown from a reasoned "not my examination"."""

    reader: ReaderIdentity
    reason: str
    code: str = "outside_examination"
    failed: bool = False


Answer = Read | Abstention
