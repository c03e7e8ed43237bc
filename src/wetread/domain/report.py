"""The report: preliminary until a human signs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wetread.domain.consensus import Consensus, JoinedFinding
from wetread.domain.order import Order, Request
from wetread.domain.read import Answer
from wetread.domain.study import Study
from wetread.domain.urgency import Urgency
from wetread.domain.view import Failure, Limitation, View
from wetread.domain.vocabulary import Term

BANNER = "Research use only, AI preliminary, not for diagnosis"


class ReportStatus(StrEnum):
    """Life of a report; only a human's act leads to final, amended or rejected."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the report rests on: versions and hashes by name, in a fixed order.

    `lineup` are slots that another reader stands in, each with that reader's name.
    """

    software: str
    vocabulary_version: str
    vocabulary_sha256: str
    vocabulary_signed_off_by: str | None
    policy_version: str
    policy_sha256: str
    libraries: tuple[tuple[str, str], ...] = ()
    lineup: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The human act that made a report final or withdrew it: who, when, and which report lay before them.

    `reason` says why a report was withdrawn.
    """

    by: str
    at: datetime
    preliminary_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """What a human added after the signature."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """An earlier report of the study that a destination was given and that this one takes the place of."""

    report_id: str
    status: ReportStatus
    made_at: datetime
    findings: tuple[JoinedFinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One study's report. `consensus` is None where nobody read: the study is UNREAD, not negative.

    `views` tell what the readers were sent (without the pictures themselves), `pictures` are what the report's own
    pages show. `terms` are the vocabulary's entries of every code in it; `checked` the codes that a reader judged,
    `not_assessed` the further codes of this examination, most urgent first. A rejected report has no consensus: it
    withdraws the one it supersedes and says nothing of the study.

    What a report is given only on its way to a destination: `made_at` when it was made (a re-send says the same),
    `supersedes` what that destination had before, `request` the order as the ordering systems name it.
    """

    report_id: str
    status: ReportStatus = ReportStatus.PRELIMINARY
    study: Study
    order: Order
    urgency: Urgency
    consensus: Consensus | None
    answers: tuple[Answer, ...]
    urgency_label: str = ""
    impression: str = ""
    terms: Mapping[str, Term] = field(default_factory=dict, repr=False)
    checked: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    pictures: tuple[View, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    failures: tuple[Failure, ...] = ()
    provenance: Provenance
    banner: str = BANNER
    signature: Signature | None = None
    addenda: tuple[Addendum, ...] = ()
    made_at: datetime | None = None
    supersedes: Superseded | None = None
    request: Request | None = None

    def __post_init__(self) -> None:
        if (self.status is not ReportStatus.PRELIMINARY) != (self.signature is not None):
            raise ValueError("every report but a preliminary one says by whom: set signature")
        if self.status is ReportStatus.REJECTED and self.consensus is not None:
            raise ValueError("a rejected report withdraws findings, it has none of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What an archive was asked to promise: that it keeps the objects it was sent.

    The answer comes later, under the same transaction, within `wait_s`; `is_given` where it came at once.
    """

    transaction_uid: str
    objects: int
    wait_s: float
    is_given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of delivery: which destination took which report, under which reference."""

    destination: str
    report_id: str
    reference: str
    commitment: Commitment | None = None
