"""A reader's answers as arrays over the cases of one split: what is true, what was said, who counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered, Told
from wetread.evaluate.statistics.curves import Floats

SPOKEN = {Presence.PRESENT: 1.0, Presence.UNCERTAIN: 0.5, Presence.ABSENT: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One finding over the cases: truth (0, 1), score (NaN where the reader did not judge), own decision (NaN, 0, 1).

    `is_probability`: every score is a calibrated probability, so that Brier and calibration error mean something.
    """

    code: str
    label: str
    truth: Floats = field(repr=False)
    score: Floats = field(repr=False)
    said: Floats = field(repr=False)
    is_probability: bool

    @property
    def judged(self) -> NDArray[np.bool_]:
        """The cases that the reader judged for this finding."""
        return ~np.isnan(self.score)

    def among(self, which: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Truth and scores of the judged cases at these places."""
        kept = which[~np.isnan(self.score[which])]
        return self.truth[kept], self.score[kept]


def column_of(label: Label, cases: Sequence[Case], answers: Mapping[str, Answered]) -> Column:
    """A reader's column for one label."""
    told = [told_of(label, answers.get(case.case_id)) for case in cases]
    truth = np.array([bool(case.codes & {label.code}) for case in cases], dtype=np.float64)
    judged = [one for one in told if one is not None]
    return Column(
        code=label.code,
        label=label.word,
        truth=truth,
        score=np.array([_score(one) for one in told]),
        said=np.array([_said(one) for one in told]),
        is_probability=bool(judged) and all(one.probability is not None for one in judged),
    )


def column_for(label: Label | None, cases: Sequence[Case], answers: Mapping[str, Answered]) -> Column:
    """A label's column, or that of "is anything there?" where it is None."""
    return any_finding(cases, answers) if label is None else column_of(label, cases, answers)


def any_finding(cases: Sequence[Case], answers: Mapping[str, Answered]) -> Column:
    """A reader's column for "is anything there?"."""
    given = [answers.get(case.case_id) for case in cases]
    read = [one if one is not None and one.is_read else None for one in given]
    return Column(
        code="any_finding",
        label="any finding",
        truth=np.array([case.abnormal for case in cases], dtype=np.float64),
        score=np.array([_abnormal(one) for one in read]),
        said=np.array([_says_abnormal(one) for one in read]),
        is_probability=any(read) and all(one.abnormal_probability is not None for one in read if one is not None),
    )


def told_of(label: Label, answer: Answered | None) -> Told | None:
    """What counts for a label among its codes: the strongest thing that was said; None where nothing was judged."""
    if answer is None or not answer.is_read:
        return None
    told = [answer.findings[code] for code in label.codes if code in answer.findings]
    judged = [one for one in told if one.presence is not Presence.NOT_ASSESSABLE]
    return max(judged, key=lambda one: (_score(one), SPOKEN[one.presence]), default=None)


def _score(told: Told | None) -> float:
    if told is None:
        return np.nan
    return told.probability if told.probability is not None else SPOKEN[told.presence]


def _said(told: Told | None) -> float:
    return np.nan if told is None else float(told.presence is Presence.PRESENT)


def _abnormal(answer: Answered | None) -> float:
    if answer is None:
        return np.nan
    if answer.abnormal_probability is not None:
        return answer.abnormal_probability
    judged = [one for one in answer.findings.values() if one.presence is not Presence.NOT_ASSESSABLE]
    return max((_score(one) for one in judged), default=np.nan)


def _says_abnormal(answer: Answered | None) -> float:
    if answer is None:
        return np.nan
    judged = [one for one in answer.findings.values() if one.presence is not Presence.NOT_ASSESSABLE]
    return float(any(one.presence is Presence.PRESENT for one in judged)) if judged else np.nan
