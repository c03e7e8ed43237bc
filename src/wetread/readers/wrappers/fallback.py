"""Ask the next reader where one is not available. Never past a rejected key, a denied exit or a reasoned refusal."""

from dataclasses import replace

from wetread.domain.read import Read, ReadRequest
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
from wetread.ports import Estimate, Priced, Reader, Substituted, plan_of, plans_of
from wetread.readers.wrappers.charged import charged
from wetread.readers.wrappers.wrapper import Wrapper, trace_of, with_trace

Missed = list[tuple[str, Exception]]


class Fallback(Wrapper):
    """The first of several readers, and in its place the next that is available. One alone is just that reader.

    Each hop brings its own gate, budget and limits, and is sent the views of its own plan.
    Raises: ConfigurationError at construction if there is no reader.
    """

    def __init__(self, readers: tuple[Reader, ...]) -> None:
        if not readers:
            raise ConfigurationError("a fallback chain needs at least one reader")
        super().__init__(readers[0])
        self.readers = readers
        self.plans = tuple(dict.fromkeys(plan for reader in readers for plan in plans_of(reader)))
        if isinstance(readers[0], Priced):
            self.estimate = self._dearest

    async def read(self, request: ReadRequest) -> Read:
        """The first read that comes, with the hops before it in its trace.

        Raises: ReaderUnavailable naming each reader and its reason where none is available; a rejected key, an answer
        nothing can be made of and a reasoned refusal as they come; EgressDenied where the first is denied.
        """
        if len(self.readers) == 1:
            return await self.reader.read(_for(self.reader, request))
        missed: Missed = []
        for reader in self.readers:
            try:
                read = await reader.read(_for(reader, request))
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
        estimates = [reader.estimate(_for(reader, request)) for reader in self.readers if isinstance(reader, Priced)]
        costs = [estimate.cost_usd for estimate in estimates]
        return Estimate(
            input_tokens=max(estimate.input_tokens for estimate in estimates),
            output_tokens=max(estimate.output_tokens for estimate in estimates),
            cost_usd=None if None in costs else max(cost for cost in costs if cost is not None),
        )


def _for(reader: Reader, request: ReadRequest) -> ReadRequest:
    """The request with the views that this reader wants, where they were prepared."""
    views = request.substitutes.get(plan_of(reader), request.views)
    rest = request.substitutes if isinstance(reader, Substituted) else {}
    return replace(request, views=views, substitutes=rest)


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
