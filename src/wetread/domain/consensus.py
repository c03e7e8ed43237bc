"""The joined answer of a panel, and what asking it took."""

from collections.abc import Iterable
from dataclasses import dataclass

from wetread.domain.finding import Finding
from wetread.domain.read import Abstention, Answer

# Code of an abstention whose reader a cascade did not need: neither a failure nor a missing read.
NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedFinding:
    """A finding after the panel: what stands, who said what, and whether they disagree.

    `told_as` are (reader, code) of those who named the same disease less specifically; `places` are all the
    locations the readers gave, each zone once.
    """

    finding: Finding
    present_by: tuple[str, ...] = ()
    absent_by: tuple[str, ...] = ()
    uncertain_by: tuple[str, ...] = ()
    told_as: tuple[tuple[str, str], ...] = ()
    places: tuple[str, ...] = ()

    @property
    def disputed(self) -> bool:
        """True where one reader says present and another absent."""
        return bool(self.present_by) and bool(self.absent_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A reader whose votes on a group of findings do not count, with the local figures that say why."""

    reader: str
    group: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """All findings of all readers joined; none is dropped.

    `weighting` says how votes were weighted ("single reader", "unweighted by evidence", "learnt on …").
    `escalated` are the reasons to ask a human first. `excluded` lost their votes by local figures, `discounted`
    are the readers that lost all of theirs; `figures_not_used` says which figures did not count and why.
    """

    findings: tuple[JoinedFinding, ...]
    readers: tuple[str, ...]
    abnormal_probability: float | None
    weighting: str
    agreement: float | None = None
    escalated: tuple[str, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    discounted: tuple[str, ...] = ()
    figures_not_used: tuple[str, ...] = ()

    @property
    def disputed(self) -> bool:
        """True where readers disagree on any finding."""
        return any(one.disputed for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one reader took for a study. None is not known; `metered` is False where there is nothing to bill."""

    reader: str
    cost_usd: float | None = None
    predicted_cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    predicted_input_tokens: int | None = None
    predicted_output_tokens: int | None = None
    latency_s: float | None = None
    metered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum that never hides its gaps: `known` is None where nothing is known, `unknown_for` whose part is missing."""

    known: float | None
    unknown_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a study took, by reader. Readers are asked together, so times are not added up: the slowest counts."""

    readers: tuple[Spend, ...]

    @property
    def cost_usd(self) -> Total:
        """US dollars of all readers."""
        return _total((spend.reader, spend.cost_usd) for spend in self.readers)

    @property
    def predicted_cost_usd(self) -> Total:
        """US dollars that were predicted before the calls, of the readers that are metered."""
        return _total((spend.reader, spend.predicted_cost_usd) for spend in self.readers if spend.metered)

    @property
    def input_tokens(self) -> Total:
        """Input tokens billed."""
        return _total((spend.reader, spend.input_tokens) for spend in self.readers if spend.metered)

    @property
    def output_tokens(self) -> Total:
        """Output tokens billed."""
        return _total((spend.reader, spend.output_tokens) for spend in self.readers if spend.metered)

    @property
    def slowest_s(self) -> float | None:
        """Seconds of the slowest reader whose time was taken."""
        return max((spend.latency_s for spend in self.readers if spend.latency_s is not None), default=None)


def spending_of(answers: Iterable[Answer]) -> Spending:
    """What the answers took. A reader that failed may have been billed: its part is not known."""
    return Spending(readers=tuple(_spend(answer) for answer in answers))


def _spend(answer: Answer) -> Spend:
    name = answer.reader.name
    if isinstance(answer, Abstention):
        asked = answer.code != NOT_ASKED
        return Spend(reader=name, cost_usd=None if asked else 0.0, metered=asked)
    latency_s = answer.trace.latency_s if answer.trace else None
    usage = answer.usage
    if usage is None:
        return Spend(reader=name, cost_usd=answer.cost_usd, latency_s=latency_s, metered=answer.cost_usd != 0)
    return Spend(
        reader=name,
        cost_usd=answer.cost_usd,
        predicted_cost_usd=usage.predicted_cost_usd,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        predicted_input_tokens=usage.predicted_input_tokens,
        predicted_output_tokens=usage.predicted_output_tokens,
        latency_s=latency_s,
    )


def _total(parts: Iterable[tuple[str, float | None]]) -> Total:
    told = list(parts)
    known = [value for _, value in told if value is not None]
    missing = tuple(name for name, value in told if value is None)
    return Total(known=round(sum(known), 9) if known else None, unknown_for=missing)
