"""What several readers said of the same cases, as arrays: who sees what, how surely, at what cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wetread.domain.finding import Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.log import Answered
from wetread.evaluate.statistics.curves import Floats

Bools = NDArray[np.bool_]
SILENT, ABSENT, UNCERTAIN, PRESENT = 0, 1, 2, 3
STANCES = {Presence.ABSENT: ABSENT, Presence.UNCERTAIN: UNCERTAIN, Presence.PRESENT: PRESENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stances:
    """One reader on cases that it read. `stance` is (cases, codes); `doubt` the largest probability that it told.

    Costs in US dollars and times in seconds are NaN where nobody knows them.
    """

    reader: str
    stance: NDArray[np.int8] = field(repr=False)
    doubt: Floats = field(repr=False)
    cost_usd: Floats = field(repr=False)
    latency_s: Floats = field(repr=False)

    @property
    def flags(self) -> Bools:
        """The cases in which it calls anything present."""
        flagged: Bools = (self.stance == PRESENT).any(axis=1)
        return flagged

    def unsure(self, uncertain_from: float) -> Bools:
        """The cases that a cascade would go on with: anything but absent, or a probability from there on."""
        absent: Bools = ((self.stance == ABSENT) | (self.stance == SILENT)).all(axis=1)
        sure: Bools = absent & (self.stance == ABSENT).any(axis=1) & (self.doubt < uncertain_from)
        return ~sure


def codes_of(answers: Iterable[Mapping[str, Answered]]) -> tuple[str, ...]:
    """Every code that any of these readers answered on."""
    return tuple(sorted({code for told in answers for one in told.values() for code in one.findings}))


def stances_of(reader: str, cases: Sequence[Case], answers: Mapping[str, Answered], codes: Sequence[str]) -> Stances:
    """A reader on these cases, all of which it read; codes that it did not answer on are silence.

    A finding that it calls not assessable leaves it unsure.
    """
    place = {code: n for n, code in enumerate(codes)}
    stance = np.zeros((len(cases), len(codes)), dtype=np.int8)
    doubt, cost, latency = (np.full(len(cases), np.nan) for _ in range(3))
    for row, case in enumerate(cases):
        told = answers[case.case_id]
        for code, one in told.findings.items():
            stance[row, place[code]] = STANCES.get(one.presence, SILENT)
        doubt[row] = _doubt(told)
        cost[row] = np.nan if told.cost_usd is None else told.cost_usd
        latency[row] = np.nan if told.latency_s is None or told.cached else told.latency_s
    return Stances(reader=reader, stance=stance, doubt=doubt, cost_usd=cost, latency_s=latency)


def _doubt(told: Answered) -> float:
    if any(one.presence is Presence.NOT_ASSESSABLE for one in told.findings.values()):
        return 1.0
    stated = [one.probability for one in told.findings.values() if one.probability is not None]
    return max([*stated, *([] if told.abnormal_probability is None else [told.abnormal_probability])], default=0.0)


def voted(members: Sequence[Stances]) -> Bools:
    """The cases that a panel with equal votes flags: some code with a vote for present, and none fewer than for absent.

    The panel's own rule (`panel.consolidate`) without sides and without learnt weights.
    """
    present = sum((one.stance == PRESENT).astype(np.int64) for one in members)
    absent = sum((one.stance == ABSENT).astype(np.int64) for one in members)
    flagged: Bools = ((present > 0) & (present >= absent)).any(axis=1)
    return flagged
