"""The figures of an evaluation, as they are told: in metrics.json, in tables, on the card."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wetread.evaluate.answering import AnsweringFigures
from wetread.evaluate.beside import Published
from wetread.evaluate.conformal_figures import ConformalFigures
from wetread.evaluate.frontier_figures import Frontier
from wetread.evaluate.localise import LocalisationFigures
from wetread.evaluate.queue.told import QueueFigures
from wetread.evaluate.reports.scored import ReportFigures
from wetread.evaluate.shortcuts import Shortcut
from wetread.evaluate.statistics.intervals import Interval
from wetread.evaluate.stress import StressFigures

SCHEMA = "wetread.metrics/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFigures:
    """One finding of one reader on the test split. A figure that rests on too few cases is None.

    `threshold` is None where the reader's own decision counts. `calibration` is the map that was
    fitted, and on how many cases.
    """

    code: str
    label: str
    n: int
    n_pos: int
    auroc: Interval
    auprc: Interval
    brier: Interval
    ece_raw: float | None
    ece_calibrated: float | None
    sensitivity: Interval
    specificity: Interval
    ppv: Interval
    flag_rate: Interval
    threshold: float | None
    calibration: Mapping[str, object] | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyFigures:
    """The reader's priority against the one that the true findings ask for, P1 to P5; UNREAD counts with P2."""

    n: int
    table: tuple[tuple[int, ...], ...]
    kappa: Interval
    under_triage: Interval
    over_triage: Interval
    critical_sensitivity: Interval
    false_p1_per_100: float | None
    unread_share: Interval
    conformal: ConformalFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFigures:
    """US dollars and tokens of the test split; None where nobody knows them."""

    total_usd: float | None
    per_100_usd: float | None
    unpriced: int
    input_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures:
    """Milliseconds of a read, by nearest rank; None without any."""

    p50: float | None
    p95: float | None
    p99: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFigures:
    """The same reader on test cases disturbed on purpose: the border alone should leave it at chance."""

    disturbance: str
    n_read: int
    any_finding: FindingFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Degenerate:
    """A finding that a reader does not tell: in its `numbers` or in its `decisions`, on which split, and why."""

    code: str
    label: str
    what: str
    split: str
    n: int
    n_pos: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderFigures:
    """Everything that is told of one reader."""

    name: str
    version: str
    fingerprint: str
    model_id: str | None
    n: int
    n_read: int
    n_abstained: int
    n_failed: int
    findings: tuple[FindingFigures, ...]
    any_finding: FindingFigures
    macro_f1: Interval
    urgency: UrgencyFigures
    cost: CostFigures
    latency_ms: LatencyFigures
    subgroups: tuple["SubgroupFigures", ...] = ()
    controls: tuple[ControlFigures, ...] = ()
    degenerate: tuple[Degenerate, ...] = ()
    stress: tuple[StressFigures, ...] = ()
    localisation: tuple[LocalisationFigures, ...] = ()
    queue: QueueFigures | None = None
    answering: AnsweringFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupFigures:
    """Any finding in a part of the test split, and how far its AUROC lies from that of all others."""

    by: str
    group: str
    n: int
    n_pos: int
    auroc: Interval
    gap: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two readers on the cases that both read: DeLong's paired test, corrected by Holm over the findings."""

    first: str
    second: str
    code: str
    label: str
    n: int
    n_pos: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All of it, with what it rests on."""

    readers: tuple[ReaderFigures, ...]
    comparisons: tuple[Comparison, ...]
    data: Mapping[str, object]
    remarks: tuple[str, ...]
    shortcuts: tuple[Shortcut, ...] = ()
    reports: tuple[ReportFigures, ...] = ()
    frontier: Frontier | None = None
    published: tuple[Published, ...] = ()
    manifest: Mapping[str, object] = field(default_factory=dict)
