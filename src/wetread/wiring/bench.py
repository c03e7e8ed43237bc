"""Readers timed on the user's own studies: latency, tokens, dollars, valid answers, side by side."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from wetread.domain.read import Abstention, Answer, Read
from wetread.domain.study import Study
from wetread.domain.view import Preparation, ViewPlan
from wetread.guard import Isolation
from wetread.panel import Cascade, convene
from wetread.pipeline import request
from wetread.ports import Reader, plan_of
from wetread.settings import Settings
from wetread.wiring.equipment import Equipment, without_caches
from wetread.wiring.preparing import prepare_guarded
from wetread.wiring.readers import one_reader
from wetread.wiring.sources import Orders

ASKED_FOR = {"structured", "tool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """One reader on a folder. Seconds, tokens and dollars are None where nothing is known; `n` is studies asked.

    `valid` is the share of answers that followed the schema at the first try, None for readers without one.
    """

    reader: str
    n: int
    pictures: int
    read: int
    abstained: int
    failed: int
    seconds: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    input_tokens: float | None
    output_tokens: float | None
    billed_to_predicted: float | None
    usd_per_1000_images: float | None
    valid: float | None


@dataclass(slots=True)
class _Timing:
    answers: list[Answer] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    pictures: int = 0


def bench(
    settings: Settings,
    names: Iterable[str],
    studies: Sequence[Study],
    *,
    orders: Orders,
    isolation: Isolation,
    repeat: int = 1,
    at_once: int = 1,
    tick: Callable[[], None] = lambda: None,
) -> list[BenchRow]:
    """Every reader on every study, `repeat` times. Answers are never taken from a cache.

    Raises: UnknownPlugin, CardInvalid, ConfigurationError.
    """
    equipment = Equipment(without_caches(settings))
    rows = []
    for name in dict.fromkeys(names):
        reader = one_reader(name, equipment)
        with asyncio.Runner() as runner:
            start = time.perf_counter()
            timing = runner.run(
                _timed(
                    reader,
                    [study for _ in range(repeat) for study in studies],
                    orders,
                    prepare=partial(_prepared, plan_of(reader), isolation),
                    limit_s=settings.read_timeout_s,
                    at_once=at_once,
                    tick=tick,
                    equipment=equipment,
                )
            )
        rows.append(_row(name, timing, time.perf_counter() - start))
    return rows


def _prepared(plan: ViewPlan, isolation: Isolation, study: Study) -> Preparation:
    return prepare_guarded(study, plan, isolation)


async def _timed(
    reader: Reader | Cascade,
    studies: Sequence[Study],
    orders: Orders,
    *,
    prepare: Callable[[Study], Preparation],
    limit_s: float,
    at_once: int,
    tick: Callable[[], None],
    equipment: Equipment,
) -> _Timing:
    timing = _Timing()
    places = asyncio.Semaphore(at_once)

    async def one(study: Study) -> None:
        async with places:
            prepared = await asyncio.to_thread(prepare, study)
            asked = request(study, orders.of(study), prepared)
            with equipment.knowing(study, orders.of(study)):
                start = time.perf_counter()
                answers = await convene([reader], lambda _: asked, timeout_s=limit_s)
                timing.seconds.append(time.perf_counter() - start)
            timing.answers += answers
            timing.pictures += len(prepared.views)
            tick()

    await asyncio.gather(*(one(study) for study in studies))
    return timing


def _row(name: str, timing: _Timing, seconds: float) -> BenchRow:
    reads = [answer for answer in timing.answers if isinstance(answer, Read)]
    silent = [answer for answer in timing.answers if isinstance(answer, Abstention)]
    usages = [read.usage for read in reads if read.usage is not None]
    pictures = sum(len(read.views_read) for read in reads)
    cost = _total([read.cost_usd for read in reads])
    traces = [read.trace for read in reads if read.trace is not None and read.trace.form is not None]
    broken = [answer for answer in silent if answer.code == "answer_unusable"]
    asked = len(traces) + len(broken)
    valid = sum(not trace.repairs and set((trace.form or "").split("+")) <= ASKED_FOR for trace in traces)
    return BenchRow(
        reader=name,
        n=len(timing.answers),
        pictures=timing.pictures,
        read=len(reads),
        abstained=sum(not answer.failed for answer in silent),
        failed=sum(answer.failed for answer in silent),
        seconds=seconds,
        p50_s=percentile(timing.seconds, 0.50),
        p95_s=percentile(timing.seconds, 0.95),
        p99_s=percentile(timing.seconds, 0.99),
        input_tokens=_mean([usage.input_tokens for usage in usages]),
        output_tokens=_mean([usage.output_tokens for usage in usages]),
        billed_to_predicted=_ratio(
            _total([usage.input_tokens for usage in usages]), _total([usage.predicted_input_tokens for usage in usages])
        ),
        usd_per_1000_images=None if cost is None or not pictures else 1000 * cost / pictures,
        valid=valid / asked if asked else None,
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed (nearest rank); None of none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _total(values: Sequence[float | None]) -> float | None:
    """The sum, None where there is nothing to add or a part is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None


def _mean(values: Sequence[int | None]) -> float | None:
    total = _total(values)
    return None if total is None else total / len(values)


def _ratio(billed: float | None, predicted: float | None) -> float | None:
    return billed / predicted if billed is not None and predicted else None
