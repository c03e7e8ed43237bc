"""The queue law: what priority by an imperfect flag does to mean waits, in closed form. The check on the simulator.

Studies come as a Poisson stream; radiologists are never interrupted; a share p+ is flagged and goes first, first come
among themselves. Let rho be the load and R the mean wait until the first radiologist is free for a study that finds
them all reading (none where one is free). A flagged study waits for R and for the flagged ones before it, who by
Little's law hold rho·p+·W₁ of work, so W₁ = R + rho·p+·W₁. An unflagged one waits for R, for everything before it, and
for the flagged ones that come meanwhile: W₂ = R + rho·p+·W₁ + rho·(1 - p+)·W₂ + rho·p+·W₂. Solved:

    W₁ = R / (1 - rho·p+)      W₂ = R / ((1 - rho·p+)(1 - rho))      first come: W = R / (1 - rho)

(Cobham A, J Oper Res Soc Am 1954; 2: 70-76, two classes.) A critical study is flagged with the sensitivity Se, any
other with the false positive rate FPR:

    critical / W = (Se·W₁ + (1 - Se)·W₂) / W = (Se·(1 - rho) + 1 - Se) / (1 - rho·p+) = (1 - rho·Se) / (1 - rho·p+)
    missed   / W = W₂ / W = 1 / (1 - rho·p+)
    routine  / W = (1 - rho·FPR) / (1 - rho·p+)

So critical studies gain just when Se > p+, which is Se > FPR: when AI flags them more often than others. Weighted by
their shares the ratios of critical and routine sum to 1: what one group gains another pays. R is λ·E[S²] / 2 for one
radiologist and any reading time (Pollaczek-Khinchine), C·E[S] / c for c with exponential times (C: Erlang's probability
that all are busy; Cobham's second case), and the ratios are the same. For other times and c > 1 no closed form is
known: none is told. AI's own delay is taken as none.
"""

from dataclasses import dataclass

from wetread.evaluate.queue.traffic import Mix, Shape, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLaw:
    """Mean waits by the law: of first come in minutes, of each group over that; `helps` is Se > p+."""

    load: float
    first_come_min: float
    critical_ratio: float
    missed_ratio: float
    routine_ratio: float
    flagged_ratio: float
    helps: bool


def law(mix: Mix, reading: Span, *, load: float, radiologists: int = 1) -> QueueLaw:
    """The waits that the law expects at this load (0 to below 1).

    Raises: ValueError where the queue would grow without end, or where no closed form is known.
    """
    if mix.raised:
        raise ValueError("the law knows two classes: flagged and not; a mix that raises others has three")
    if not 0 < load < 1:
        raise ValueError(f"a load of {load:g} has no lasting mean wait; it lies between 0 and 1")
    if radiologists > 1 and reading.shape is not Shape.EXPONENTIAL:
        raise ValueError(f"no closed form is known for {radiologists} radiologists and {reading.shape.value} times")
    ahead = 1 - load * mix.flagged
    return QueueLaw(
        load=load,
        first_come_min=_until_free_min(reading, load, radiologists) / (1 - load),
        critical_ratio=(1 - load * mix.sensitivity) / ahead,
        missed_ratio=1 / ahead,
        routine_ratio=(1 - load * mix.false_positive_rate) / ahead,
        flagged_ratio=(1 - load) / ahead,
        helps=mix.critical < 1 and mix.sensitivity > mix.false_positive_rate,
    )


def erlang_c(radiologists: int, load: float) -> float:
    """The probability that all are busy when a study comes, exponential times (Erlang 1917)."""
    offered = load * radiologists
    blocked = 1.0
    for n in range(1, radiologists + 1):  # Erlang's B by its stable recursion
        blocked = offered * blocked / (n + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def _until_free_min(reading: Span, load: float, radiologists: int) -> float:
    if radiologists == 1:
        return load * reading.second_moment_min2 / (2 * reading.mean_min)
    return erlang_c(radiologists, load) * reading.mean_min / radiologists
