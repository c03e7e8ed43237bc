"""The figures of reports held against reports (T9), as they are told."""

from dataclasses import dataclass

from wetread.evaluate.statistics.intervals import Interval

LABELS = "labels of the cases"
REPORTS = "reference reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFigures:
    """One finding over all reports. A figure that rests on fewer findings than the policy asks for is None."""

    code: str
    label: str
    n_reference: int
    n_candidate: int
    hits: int
    precision: Interval
    recall: Interval
    f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFigure:
    """A score of another package, the mean over the reports that are texts on both sides."""

    package: str
    name: str
    value: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """The reports of one writer against references: `against` says what these are.

    `precision`, `recall` and `f1` pool all findings of all reports; `macro_f1` is the mean over the `macro_codes`
    findings that the references hold often enough. A hallucination is a finding that the reference does not have, a
    contradiction one that it denies, an omission one that the candidate does not have. `critical_recall`: findings of
    category 1 that were told.
    """

    by: str
    against: str
    n: int
    patients: int
    n_reference: int
    n_candidate: int
    precision: Interval
    recall: Interval
    f1: Interval
    macro_f1: Interval
    macro_codes: int
    hallucinations_per_report: Interval
    contradictions_per_report: Interval
    omissions_per_report: Interval
    with_hallucination: Interval
    with_omission: Interval
    critical_recall: Interval
    codes: tuple[CodeFigures, ...]
    labeller: str
    uncertain_counts: bool
    outside: tuple[OutsideFigure, ...] = ()
