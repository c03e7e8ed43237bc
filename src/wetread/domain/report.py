"""The report: preliminary until a human signs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wetread.domain.consensus import Consensus
from wetread.domain.order import Order
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
    """What the report rests on: versions and hashes by name, in a fixed order."""

    software: str
    vocabulary_version: str
    vocabulary_sha256: str
    vocabulary_signed_off_by: str | None
    policy_version: str
    policy_sha256: str
    libraries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The human act that made a report final: who, when, and which preliminary report lay before them."""

    by: str
    at: datetime
    preliminary_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """What a human added after the signature."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One study's report. `consensus` is None where nobody read: the study is UNREAD, not negative.

    `views` tell what the readers were sent (without the pictures themselves), `pictures` are what the report's own
    pages show. `terms` are the vocabulary's entries of every code in it; `checked` the codes that a reader judged,
    `not_assessed` the further codes of this examination, most urgent first.
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

    def __post_init__(self) -> None:
        human = self.status in {ReportStatus.FINAL, ReportStatus.AMENDED}
        if human != (self.signature is not None):
            raise ValueError(f"a {self.status.value} report and a signature do not go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of delivery: which destination took which report, under which reference."""

    destination: str
    report_id: str
    reference: str
