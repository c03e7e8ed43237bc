"""What a cascade's screen was sure of on local cases, by the very rule that lets the second reader be left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from wetread.domain.finding import SITE_CALIBRATOR, Finding, Presence
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Answer, Read, ReadRequest
from wetread.errors import InputError
from wetread.evaluate.calibrate.subjects import Subject, told_number
from wetread.evaluate.cases import Case
from wetread.evaluate.log import Answered
from wetread.panel import CascadeRule
from wetread.readers.site_calibration import Calibration

ANY_ALPHA = 0.5  # the rule's other half, the proof, is what these figures are for
NOTHING_MORE = ReadRequest(study_ref="", views=(), order=Order())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenFigures:
    """What `cascade.toml` says, in cases and US dollars a study. `screened` are the cases that both were asked about.

    `calibration` names the calibration behind the probabilities by which the screen was sure, None where there is none.
    """

    screen: str
    then: str
    fingerprint: str
    uncertain_from: float
    abnormal: int
    missed: int
    found_by_second: int
    screened: int
    escalated: int
    cost_first_usd: float
    cost_then_usd: float
    calibration: str | None


def screen_figures(
    screen: Subject,
    then: Subject,
    cases: Sequence[Case],
    *,
    uncertain_from: float,
    calibration: Calibration | None = None,
) -> ScreenFigures:
    """The screen as it answers under `calibration` (see `mapped`), before the second reader, on calibration cases.

    A log keeps no quality, claims and limitations: in service there is more doubt, so that fewer are missed and more go
    on than these figures say. Of a missed case the second reader counts as finding it where it calls anything present.
    Raises: InputError where there is no abnormal case, or nobody knows what the second reader costs.
    """
    asked = [case for case in cases if case.case_id in screen.answers and case.case_id in then.answers]
    abnormal = [case for case in asked if case.abnormal]
    about = f"{screen.name}, then {then.name}"
    if not abnormal:
        raise InputError(about, "has no abnormal case that both were asked about", "ask both about the same cases")
    rule = CascadeRule(uncertain_from=uncertain_from, alpha=ANY_ALPHA)
    sure = {case.case_id for case in asked if rule.is_sure(_answer(screen, screen.answers[case.case_id]), NOTHING_MORE)}
    missed = [case for case in abnormal if case.case_id in sure]
    found = sum(_flags(then.answers[case.case_id]) for case in missed)
    return ScreenFigures(
        screen=screen.name,
        then=then.name,
        fingerprint=screen.fingerprint,
        uncertain_from=uncertain_from,
        abnormal=len(abnormal),
        missed=len(missed),
        found_by_second=found,
        screened=len(asked),
        escalated=len(asked) - len(sure),
        cost_first_usd=_cost(screen, asked, about),
        cost_then_usd=_then_cost(then, asked, about),
        calibration=_behind(screen, asked, calibration),
    )


def _answer(subject: Subject, told: Answered) -> Answer:
    """The answer as the rule looks at it."""
    if not told.is_read:
        return Abstention(reader=subject.identity, reason=told.reason or "", code=told.reason or "failed", failed=True)
    findings = tuple(
        Finding(code=code, presence=one.presence, probability=one.probability) for code, one in told.findings.items()
    )
    return Read(reader=subject.identity, findings=findings, abnormal_probability=told.abnormal_probability)


def _flags(told: Answered) -> bool:
    return any(one.presence is Presence.PRESENT for one in told.findings.values())


def _cost(subject: Subject, cases: Sequence[Case], about: str) -> float:
    told = [subject.answers[case.case_id] for case in cases]
    known = [one.cost_usd for one in told if one.is_read and one.cost_usd is not None]
    if not known or len(known) < sum(one.is_read for one in told):
        raise InputError(about, f"nobody knows what {subject.name} costs", "a saving needs both readers' cost")
    return sum(known) / len(known)


def _then_cost(subject: Subject, cases: Sequence[Case], about: str) -> float:
    cost = _cost(subject, cases, about)
    if cost <= 0:
        raise InputError(about, f"{subject.name} costs nothing", "leaving out a reader that is free saves nothing")
    return cost


def _behind(screen: Subject, cases: Sequence[Case], calibration: Calibration | None) -> str | None:
    """The calibration, where it stands behind what makes the screen sure: the number of a finding called absent."""
    if calibration is None:
        return None
    maps = {code for code, one in calibration.maps_of(screen.identity).items() if one.calibrator is not None}
    told = (one for case in cases for one in screen.answers[case.case_id].findings.items() if one[0] in maps)
    behind = any(one.presence is Presence.ABSENT and told_number(one) is not None for _, one in told)
    assert calibration.calibrator_id.startswith(SITE_CALIBRATOR)
    return calibration.calibrator_id if behind else None
