"""What readers said beside the labels of the cases, as pairs: T9 of an evaluation without any report text."""

from collections.abc import Iterator, Mapping, Sequence

from wetread.domain.finding import Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered
from wetread.evaluate.reports.pairs import ReportPair, Side, grouped


def pairs_of(
    by: str, cases: Sequence[Case], labels: Sequence[Label], answers: Mapping[str, Answered]
) -> Iterator[ReportPair]:
    """One pair for each case that was asked: only what the labels speak of counts; who did not read told nothing."""
    for case in cases:
        answer = answers.get(case.case_id)
        if answer is not None:
            yield ReportPair(
                case=case.case_id,
                patient_id=case.patient_id,
                by=by,
                candidate=Side(findings=grouped(_said(labels, answer))),
                reference=Side(findings=grouped(_true(labels, case))),
            )


def _said(labels: Sequence[Label], answer: Answered) -> Iterator[tuple[str, Presence]]:
    for label in labels if answer.is_read else ():
        for code in label.codes:
            if code in answer.findings:
                yield label.code, answer.findings[code].presence


def _true(labels: Sequence[Label], case: Case) -> Iterator[tuple[str, Presence]]:
    for label in labels:
        yield label.code, Presence.PRESENT if label.code in case.codes else Presence.ABSENT
