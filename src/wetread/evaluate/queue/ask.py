"""The simulator asked: of a rate and mix that somebody names, of a reader's measured figures, of a site's own days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from wetread.domain.clinical_data import UrgencyPolicy, WorklistPolicy
from wetread.domain.urgency import Priority
from wetread.evaluate.queue.arrivals import Arrival, House, from_site
from wetread.evaluate.queue.beside import law_beside
from wetread.evaluate.queue.disciplines import LABELS
from wetread.evaluate.queue.outcome import GROUP_LABELS, Comparison, Over, compare, queue_table
from wetread.evaluate.queue.policy import queue_policy
from wetread.evaluate.queue.simulate import Staff
from wetread.evaluate.queue.told import Law, QueueFigures, WaitCurve
from wetread.evaluate.queue.traffic import DAY_MIN, HOURS, Flags, Mix, Scenario, Shape, Span, Traffic, made

INTERVALS = {
    Over.RUNS: "95 % intervals over {n} replications (Student's t)",
    Over.DRAWS: "95 % intervals over {n} replications, each with a sensitivity and a specificity drawn from what the "
    "cases allow (Jeffreys)",
    Over.RESAMPLES: "as it came, with 95 % intervals over {n} resamples of its days",
}
Drawn = Callable[[np.random.Generator], Mix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A worklist in numbers: studies an hour, how long each takes to read, how AI flags them, who is on duty."""

    mix: Mix
    rate_per_hour: float
    reading: Span
    staff: Staff
    ai_delay_min: float
    days: int
    replications: int
    seed: int

    def __post_init__(self) -> None:
        if not self.rate_per_hour > 0 or self.days < 1 or self.replications < 1:
            raise ValueError("rate, days and replications are more than 0")

    @property
    def studies(self) -> int:
        """About how many studies are simulated for each discipline."""
        return round(self.rate_per_hour * HOURS * self.days * self.replications)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The minutes that the site's policies leave."""

    urgency: UrgencyPolicy = field(repr=False)
    waiting: WorklistPolicy = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A site's arrivals with the staff that reads them; the first of `seeds` takes the days as they came."""

    rows: Sequence[Arrival] = field(repr=False)
    house: House = field(repr=False)
    staff: Staff
    seeds: tuple[int, ...]
    remarks: tuple[str, ...] = ()


def assumed(seed: int | None = None) -> Given:
    """The worklist of the policy, for whoever names none."""
    told, runs = queue_policy().assumed, queue_policy().runs
    return Given(
        mix=Mix(critical=told.critical, sensitivity=1.0, false_positive_rate=0.0, raised=told.raised),
        rate_per_hour=told.rate_per_hour,
        reading=Span(mean_min=told.service_min, shape=told.shape, variation=told.variation),
        staff=Staff.always(told.radiologists),
        ai_delay_min=told.ai_delay_min,
        days=runs.days,
        replications=runs.replications,
        seed=runs.seed if seed is None else seed,
    )


def ask_given(given: Given, policies: Policies, *, source: str = "given", drawn: Drawn | None = None) -> QueueFigures:
    """A named worklist under every discipline. With `drawn` each replication has a mix of its own from it."""
    warm_days = min(queue_policy().runs.warm_days, given.days - 1)
    over = Over.RUNS if drawn is None else Over.DRAWS

    def make(seed: int) -> Traffic:
        # a stream of its own: the mix must not depend on what the traffic draws
        mix = given.mix if drawn is None else drawn(np.random.default_rng([seed, 1]))
        return made(_scenario(given, mix, policies), seed)

    seeds = tuple(range(given.seed, given.seed + given.replications))
    told = compare(make, given.staff, seeds=seeds, warm_min=warm_days * DAY_MIN, over=over)
    load = _scenario(given, given.mix, policies).load(given.staff.work_min_per_day)
    rests_on = {
        "rate_per_hour": given.rate_per_hour,
        **_mix_told(given.mix),
        **_reading_told(given.reading),
        **_staff_told(given.staff),
        "load": load,
        "ai_delay_min": given.ai_delay_min,
        "days": given.days,
        "warm_days": warm_days,
        "replications": given.replications,
        "seed": given.seed,
    }
    remarks = ["more work comes than the staff can do: waits grow from day to day"] if load >= 1 else []
    law = law_beside(told, given.mix, given.reading, load=load, staff=given.staff)
    return _figures(told, source=source, rests_on=rests_on, over=over, law=law, remarks=remarks)


def ask_site(own: Own) -> QueueFigures:
    """A site's own days under every discipline.

    Raises: ValueError where something of them is not known and nothing stands in for it.
    """
    first = own.seeds[0]
    real = from_site(own.rows, own.house, first)

    def make(seed: int) -> Traffic:
        return real if seed == first else days_drawn(from_site(own.rows, own.house, seed), seed)

    days = int(real.arrives_min[-1] // DAY_MIN) + 1
    seeds = own.seeds if days > 1 else own.seeds[:1]
    told = compare(make, own.staff, seeds=seeds, over=Over.RESAMPLES)
    mix, reading = mix_of(real), _span_of(real)
    load = float(real.takes_min.sum()) / (days * own.staff.work_min_per_day)
    rests_on = {
        "studies": len(real),
        "signed_truth": sum(row.critical is not None for row in own.rows),
        "reading_times": sum(row.read_min is not None for row in own.rows),
        **_mix_told(mix),
        **_reading_told(reading),
        **_staff_told(own.staff),
        "load": load,
        "days": days,
        "resamples": len(seeds) - 1,
        "seed": first,
    }
    law = law_beside(told, replace(mix, raised=0.0), reading, load=load, staff=own.staff, is_even=False)
    remarks = [*own.remarks, *(["one day only: no interval can be told"] if days == 1 else [])]
    return _figures(told, source="site", rests_on=rests_on, over=Over.RESAMPLES, law=law, remarks=remarks)


def days_drawn(traffic: Traffic, seed: int) -> Traffic:
    """The same stretch with its days drawn anew, with replacement: what other weeks of this site could have brought."""
    day = (traffic.arrives_min // DAY_MIN).astype(np.int64)
    days = int(day[-1]) + 1
    drawn = np.random.default_rng([seed, 2]).integers(0, days, days)
    starts = np.searchsorted(day, np.arange(days + 1))
    taken = [np.arange(starts[one], starts[one + 1]) for one in drawn]
    which = np.concatenate(taken)
    moved = np.repeat((np.arange(days) - drawn) * float(DAY_MIN), [len(one) for one in taken])
    names = ("takes_min", "critical", "rank", "left_min", "ordered_min", "target_min", "cap_min")
    return replace(
        traffic,
        arrives_min=traffic.arrives_min[which] + moved,
        told_min=traffic.told_min[which] + moved,
        seed=seed,
        **{name: getattr(traffic, name)[which] for name in names},
    )


def mix_of(traffic: Traffic) -> Mix:
    """How many studies of this traffic are critical, and how they are flagged."""
    critical, flagged = traffic.critical, traffic.flagged
    unflagged = ~flagged
    raised = np.equal(traffic.rank, Priority.P2.rank)
    return Mix(
        critical=_mean(critical),
        sensitivity=_mean(flagged[critical]),
        false_positive_rate=_mean(flagged[~critical]),
        raised=_mean(raised[unflagged]),
    )


def jeffreys(critical: tuple[int, int], others: tuple[int, int], share: float) -> Drawn:
    """Draws a mix from (flagged, all) of the critical cases and of the others; `share` are critical on the worklist."""

    def drawn(dice: np.random.Generator) -> Mix:
        sensitivity, rate = (float(dice.beta(hits + 0.5, n - hits + 0.5)) for hits, n in (critical, others))
        return Mix(critical=share, sensitivity=sensitivity, false_positive_rate=rate)

    return drawn


def _scenario(given: Given, mix: Mix, policies: Policies) -> Scenario:
    target_min = policies.urgency.target_min
    return Scenario(
        per_day=given.rate_per_hour * HOURS,
        days=given.days,
        mix=mix,
        reading=given.reading,
        cap_min={name: float(minutes) for name, minutes in policies.waiting.cap_min.items()},
        classes=queue_policy().assumed.classes,
        critical_min=target_min[Priority.P1],
        raised_min=target_min[Priority.P2],
        lift_share=policies.waiting.lift_share,
        ai_delay=Span(mean_min=given.ai_delay_min),
    )


def _figures(
    told: Comparison,
    *,
    source: str,
    rests_on: Mapping[str, float | int | str | None],
    over: Over,
    law: Law,
    remarks: Sequence[str],
) -> QueueFigures:
    curves = tuple(
        WaitCurve(
            discipline=discipline.value,
            label=LABELS[discipline],
            group=group.value,
            group_label=GROUP_LABELS[group],
            n=outcome.n,
            points=outcome.curve,
        )
        for (discipline, group), outcome in told.outcomes.items()
    )
    count = len(told.seeds) - (over is Over.RESAMPLES)
    return QueueFigures(
        source=source,
        rests_on=rests_on,
        interval=INTERVALS[over].format(n=count),
        rows=queue_table(told),
        curves=curves,
        law=law,
        published=queue_policy().published,
        remarks=tuple(remarks),
    )


def _mix_told(mix: Mix) -> dict[str, float | int | str | None]:
    return {
        "critical_share": mix.critical,
        "sensitivity": mix.sensitivity,
        "specificity": 1 - mix.false_positive_rate,
        "raised_share": mix.raised,
        "flagged_share": mix.flagged,
    }


def _reading_told(reading: Span) -> dict[str, float | int | str | None]:
    variation = reading.variation if reading.shape is Shape.LOGNORMAL else None
    return {"service_min": reading.mean_min, "service_shape": reading.shape.value, "service_variation": variation}


def _staff_told(staff: Staff) -> dict[str, float | int | str | None]:
    always = len(set(staff.by_hour)) == 1
    return {"radiologists": staff.by_hour[0] if always else ",".join(map(str, staff.by_hour))}


def _span_of(traffic: Traffic) -> Span:
    mean = float(traffic.takes_min.mean())
    spread = float(traffic.takes_min.std()) / mean if mean else 0.0
    return Span(mean_min=mean, shape=Shape.LOGNORMAL if spread else Shape.FIXED, variation=spread or 1.0)


def _mean(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else 0.0
