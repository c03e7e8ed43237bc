"""What is asked of a reader and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wetread.domain.finding import Finding, Presence, check_unit_interval
from wetread.domain.order import Order
from wetread.domain.urgency import Priority
from wetread.domain.view import Limitation, View, ViewPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader is shown: views, the examination, the order. Nothing that identifies the patient.

    A view's origin names its file and object, so that evidence can point back: a reader outside the house is
    never sent them. `substitutes` are the views of those who may be asked in a reader's place, by their plan.
    """

    study_ref: str
    views: tuple[View, ...]
    order: Order
    age_years: float | None = None
    sex: str | None = None
    substitutes: Mapping[ViewPlan, tuple[View, ...]] = field(default_factory=dict, repr=False)


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
class ImpressionItem:
    """One sentence of an impression and the codes of the findings it rests on: at least one."""

    text: str
    cites: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.cites:
            raise ValueError("an impression's sentence cites at least one finding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One condition of a differential. `probability` is what the reader stated, None where it stated none."""

    condition: str
    code: str | None = None
    probability: float | None = None
    reasoning: str | None = None
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_unit_interval("probability", self.probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What a reader suggests to do next; `timeframe` is an ISO 8601 duration."""

    text: str
    action: str | None = None
    modality: str | None = None
    timeframe: str | None = None
    guideline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a read took: calls of a vision model, tokens billed, tokens and US dollars predicted. None is unknown."""

    calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    predicted_input_tokens: int | None = None
    predicted_output_tokens: int | None = None
    predicted_cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How an answer came about, for a human who asks.

    `form` is how it was said (structured, tool, fenced, prose); `hops` are readers tried before, with the reason;
    `answered_by` is the model id the provider named; `egress` the rule that let the pictures go.
    """

    prompt: str | None = None
    prompt_sha256: str | None = None
    answered_by: str | None = None
    form: str | None = None
    passes: tuple[str, ...] = ()
    repairs: int = 0
    attempts: int = 1
    hops: tuple[str, ...] = ()
    cached: bool = False
    latency_s: float | None = None
    egress: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One reader's coded findings: every code it checked, whatever the presence.

    `priority_claim` is what the reader itself says of the urgency; it can only raise.
    `cost_usd` is None where nobody measured it, 0.0 only where reading is known to be free.
    `original` is the answer as it was given, for those who ask in a foreign scheme.
    """

    reader: ReaderIdentity
    findings: tuple[Finding, ...]
    abnormal_probability: float | None = None
    quality: Quality | None = None
    priority_claim: Priority | None = None
    impression: tuple[ImpressionItem, ...] = ()
    differential: tuple[Diagnosis, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    limitations: tuple[Limitation, ...] = ()
    views_read: tuple[str, ...] = ()
    cost_usd: float | None = None
    usage: Usage | None = None
    trace: Trace | None = None
    original: str | None = None

    def __post_init__(self) -> None:
        check_unit_interval("abnormal_probability", self.abnormal_probability)

    @property
    def answered(self) -> bool:
        """True where it says anything of the study: an empty read is silence, and silence is not routine."""
        said = any(finding.presence is not Presence.NOT_ASSESSABLE for finding in self.findings)
        return said or self.abnormal_probability is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """A reader that did not answer. `failed` tells a breakdown from a reasoned "not my examination".

    `original` is what it said where no read could be made of it.
    """

    reader: ReaderIdentity
    reason: str
    code: str = "outside_examination"
    failed: bool = False
    original: str | None = None


Answer = Read | Abstention
