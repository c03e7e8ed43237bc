"""Ask the next reader where one is not available. Never past a rejected key, a denied exit or a reasoned refusal."""

from collections.abc import Iterable
from dataclasses import replace

from wetread.domain.read import Read, ReadRequest
from wetread.domain.view import ViewPlan
from wetread.errors import (
    AnswerUnusable,
    BudgetSpent,
    ConfigurationError,
    EgressDenied,
    KeyRejected,
    ReaderError,
    ReaderRefused,
    ReaderUnavailable,
)
from wetread.ports import Estimate, Priced, Reader, plan_of
from wetread.readers.wrappers.charged import charged
from wetread.readers.wrappers.wrapper import Wrapper, trace_of, with_trace

Missed = list[tuple[str, Exception]]


class Fallback(Wrapper):
    """The first of several readers, and in its place the next that is available. One alone is just that reader.

    Each hop brings its own gate, budget and limits; all are sent the views that suit every one of them.
    Raises: ConfigurationError at construction if there is no reader or no picture type that all take.
    """

    def __init__(self, readers: tuple[Reader, ...]) -> None:
        if not readers:
            raise ConfigurationError("a fallback chain needs at least one reader")
        super().__init__(readers[0])
        self.readers = readers
        self.plan = narrowest(plan_of(reader) for reader in readers)
        if isinstance(readers[0], Priced):
            self.estimate = self._dearest

    async def read(self, request: ReadRequest) -> Read:
        """The first read that comes, with the hops before it in its trace.

        Raises: ReaderUnavailable naming each reader and its reason where none is available; a rejected key, an answer
        nothing can be made of and a reasoned refusal as they come; EgressDenied where the first is denied.
        """
        if len(self.readers) == 1:
            return await self.reader.read(request)
        missed: Missed = []
        for reader in self.readers:
            try:
                read = await reader.read(request)
            except (ReaderUnavailable, BudgetSpent, TimeoutError) as problem:
                missed.append((reader.name, problem))
            except EgressDenied as problem:
                if reader is self.readers[0]:
                    raise
                missed.append((reader.name, problem))
            except ReaderError as problem:
                if not missed:
                    raise
                raise _with_hops(problem, missed) from problem
            else:
                return with_trace(read, hops=(*_told(missed), *trace_of(read).hops)) if missed else read
        raise _nobody(missed)

    def _dearest(self, request: ReadRequest) -> Estimate:
        """The dearest hop's. A hop that can't say counts nothing: it is a local reader, or settles for itself."""
        estimates = [reader.estimate(request) for reader in self.readers if isinstance(reader, Priced)]
        costs = [estimate.cost_usd for estimate in estimates]
        return Estimate(
            input_tokens=max(estimate.input_tokens for estimate in estimates),
            output_tokens=max(estimate.output_tokens for estimate in estimates),
            cost_usd=None if None in costs else max(cost for cost in costs if cost is not None),
        )


def narrowest(plans: Iterable[ViewPlan]) -> ViewPlan:
    """The views that every plan's reader can take: the first plan, narrowed by the others.

    Raises: ConfigurationError where no picture type suits all.
    """
    first, *others = plans
    every = (first, *others)
    media = tuple(kind for kind in first.media_types if all(kind in plan.media_types for plan in others))
    if not media:
        told = "; ".join(", ".join(plan.media_types) for plan in every)
        raise ConfigurationError(f"the readers of a fallback chain take no picture type in common ({told})")
    return replace(
        first,
        max_edge_px=_least(plan.max_edge_px for plan in every),
        max_pixels=_least(plan.max_pixels for plan in every),
        max_bytes=_least(plan.max_bytes for plan in every),
        max_images=_least(plan.max_images for plan in every),
        media_types=media,
        recipe=first.recipe if all(plan.recipe == first.recipe for plan in others) else ViewPlan().recipe,
        windows=first.windows if all(plan.windows == first.windows for plan in others) else ViewPlan().windows,
        montage=all(plan.montage for plan in every),
        tiles=all(plan.tiles for plan in every),
        grey_only=any(plan.grey_only for plan in every),
    )


def _least(limits: Iterable[int | None]) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _told(missed: Missed) -> tuple[str, ...]:
    return tuple(f"{name}: {_kind(problem)}{f' ({problem})' if str(problem) else ''}" for name, problem in missed)


def _kind(problem: Exception) -> str:
    code = problem.code if isinstance(problem, ReaderError) else "timeout"
    return code.replace("_", " ")


def _nobody(missed: Missed) -> ReaderUnavailable:
    waits = [p.retry_after_s for _, p in missed if isinstance(p, ReaderUnavailable) and p.retry_after_s is not None]
    return ReaderUnavailable(
        f"no reader of the chain is available: {'; '.join(_told(missed))}",
        retry_after_s=min(waits, default=None),
        billed=None if any(charged(problem) for _, problem in missed) else False,
    )


def _with_hops(problem: ReaderError, missed: Missed) -> ReaderError:
    """The same refusal, saying in whose place it was asked: a stand-in's "not mine" must not hide a breakdown."""
    words = f"{problem} (asked in place of {'; '.join(_told(missed))})"
    told: ReaderError
    if isinstance(problem, AnswerUnusable):
        told = AnswerUnusable(words, raw=problem.raw)
    elif isinstance(problem, KeyRejected):
        told = KeyRejected(words)
    else:
        told = ReaderRefused(words) if isinstance(problem, ReaderRefused) else ReaderError(words)
    told.code, told.failed = problem.code, problem.failed
    return told
