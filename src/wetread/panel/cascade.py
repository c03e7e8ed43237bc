"""A screen first, a second reader where it is uncertain or positive. Skipping the second needs local proof."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from wetread.domain.finding import SITE_CALIBRATOR, Finding, Presence
from wetread.domain.order import Order, OrderPriority
from wetread.domain.read import Abstention, Answer, Read, ReadRequest
from wetread.domain.urgency import Priority
from wetread.panel.cascade_figures import CascadeFigures
from wetread.panel.rulebook import rulebook
from wetread.ports import Reader

AT_ONCE = (OrderPriority.STAT, OrderPriority.EMERGENCY)
DIAGNOSTIC = "diagnostic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Whether a cascade goes on to its second reader, and why."""

    ask: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRule:
    """When the second reader may be left out: a sure screen, and local figures that keep its misses below `alpha`."""

    uncertain_from: float
    alpha: float
    figures: CascadeFigures | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.uncertain_from <= 1:
            raise ValueError(f"uncertain_from lies between 0 and 1, got {self.uncertain_from!r}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha lies between 0 and 1, got {self.alpha!r}")

    def next_step(self, answer: Answer, request: ReadRequest, today: date) -> Step:
        """Ask the second reader, unless everything speaks for leaving it out."""
        doubt = next(self._doubts(answer, request), None) or self._unproven(answer, today)
        if doubt:
            return Step(ask=True, reason=doubt)
        assert self.figures is not None
        figures = self.figures
        return Step(
            ask=False,
            reason=(
                f"the screen was sure: nothing found and every probability below {self.uncertain_from:g}; its local "
                f"misses stay below {figures.missed_bound:.3f} (allowed: {self.alpha:g}; {figures.missed} of "
                f"{figures.abnormal} missed, {figures.measured_on}, {figures.measured.isoformat()})"
            ),
        )

    def is_sure(self, answer: Answer, request: ReadRequest) -> bool:
        """Whether the screen leaves no doubt; whether that is proven on local cases is another matter."""
        return next(self._doubts(answer, request), None) is None

    def _doubts(self, answer: Answer, request: ReadRequest) -> Iterator[str]:
        """Why the screen is not sure of this study, the first reason first."""
        if isinstance(answer, Abstention):
            yield f"the screen did not answer ({answer.code})"
            return
        if not answer.answered:
            yield "the screen answered on no finding"
        if request.order.priority in AT_ONCE:
            yield "the order is " + _told(request.order)
        yield from (doubt for finding in answer.findings for doubt in self._doubts_of(finding))
        abnormal = answer.abnormal_probability
        if abnormal is not None and abnormal >= self.uncertain_from:
            yield f"the screen gives the study {abnormal:.2f} to be abnormal"
        yield from _doubts_of_read(answer, request)

    def _doubts_of(self, finding: Finding) -> Iterator[str]:
        if finding.presence is not Presence.ABSENT:
            yield f"the screen calls {finding.code} {finding.presence.value}"
        if finding.claims_critical:
            yield f"the screen calls {finding.code} critical"
        if finding.probability is not None and finding.probability >= self.uncertain_from:
            yield f"the screen gives {finding.code} {finding.probability:.2f}"

    def _unproven(self, answer: Answer, today: date) -> str:
        """Why a sure screen alone is not enough; empty where the local figures prove it."""
        figures = self.figures
        if figures is None:
            return "no local figures for the screen: the second reader is always asked"
        if another := _another(answer, figures):
            return another
        if today > figures.valid_until:
            return f"the screen's local figures expired on {figures.valid_until.isoformat()}"
        if self.uncertain_from > figures.uncertain_from:
            return f"the local figures were measured up to a probability of {figures.uncertain_from:g} only"
        if figures.missed_bound > self.alpha:
            return (
                f"the screen's local misses may reach {figures.missed_bound:.3f}, more than {self.alpha:g} "
                f"({figures.missed} of {figures.abnormal} missed)"
            )
        return ""


def _another(answer: Answer, figures: CascadeFigures) -> str:
    """Why the figures are not of this screen as it answers now; empty where they are."""
    screen = answer.reader
    if (figures.screen, figures.fingerprint or screen.fingerprint) != (screen.name, screen.fingerprint):
        return "the local figures are of another screen or of an earlier version of it"
    if _site_calibrators(answer) != figures.calibrators:
        return "the screen's probabilities stand on another calibration than its local figures were measured with"
    return ""


def _site_calibrators(answer: Answer) -> frozenset[str]:
    """The site's own calibrations behind the screen's probabilities: another one makes them other numbers."""
    told = (finding.calibrator_id for finding in answer.findings) if isinstance(answer, Read) else ()
    return frozenset(one for one in told if one is not None and one.startswith(SITE_CALIBRATOR))


def _told(order: Order) -> str:
    return order.priority.value if order.priority else "without priority"


def _doubts_of_read(read: Read, request: ReadRequest) -> Iterator[str]:
    """Doubts beyond the findings: a claim, poor quality, pictures not looked at, a patient outside its evidence."""
    if read.priority_claim is not None and read.priority_claim.rank <= Priority.P3.rank:
        yield f"the screen itself says {read.priority_claim.value}"
    if read.quality is not None and read.quality.grade != DIAGNOSTIC:
        yield f"the screen calls the quality {read.quality.grade}"
    unseen = {view.pixel_sha256 for view in request.views} - set(read.views_read)
    if unseen:
        yield f"the screen did not read {len(unseen)} of {len(request.views)} pictures"
    for limitation in read.limitations:
        if limitation.code in rulebook().unsure_limitations:
            yield f"the screen is limited: {limitation.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """Two readers as one: `first` screens, `then` is asked unless the rule lets it be left out."""

    name: str
    first: Reader
    then: Reader
    rule: CascadeRule


def readers_of(items: Iterable[Reader | Cascade]) -> tuple[Reader, ...]:
    """Every reader that may be asked, a cascade's two in its place."""
    return tuple(
        reader for item in items for reader in ((item.first, item.then) if isinstance(item, Cascade) else (item,))
    )
