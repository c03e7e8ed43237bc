"""What every single call of a provider passes: places, requests and tokens a minute, budget, circuit breaker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from wetread.domain.read import Read, ReadRequest, Usage
from wetread.ports import Estimate, Priced, Reader
from wetread.readers.wrappers.breaker import Breaker
from wetread.readers.wrappers.charged import Bill, charged
from wetread.readers.wrappers.clock import SYSTEM_TIME, Time
from wetread.readers.wrappers.ledger import Reservation
from wetread.readers.wrappers.purse import Purse
from wetread.readers.wrappers.waiting import Bucket, Places
from wetread.readers.wrappers.wrapper import Wrapper, trace_of

UNKNOWN = Estimate(input_tokens=0, output_tokens=0, cost_usd=None)


@dataclass(slots=True, kw_only=True)
class Toll:
    """What one call owes. Without `paid`, what was reserved counts as spent."""

    estimate: Estimate
    reservation: Reservation | None = None
    probe: bool = False
    bill: Bill | None = field(default=None, init=False)

    def paid(
        self, *, input_tokens: int | None = None, output_tokens: int | None = None, cost_usd: float | None = None
    ) -> None:
        """What was billed; what is unknown counts as estimated. The last word stands.

        Raises: ValueError for numbers below 0.
        """
        self.bill = Bill(input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost_usd)


class Turnstile:
    """Lets calls through one after the other in the order they came, as many at once as may be.

    Used by one event loop at a time.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        purse: Purse | None = None,
        breaker: Breaker | None = None,
        time: Time = SYSTEM_TIME,
    ) -> None:
        self._places = Places(concurrency)
        self._line = Places(1)
        self._requests = Bucket(requests_per_minute, time) if requests_per_minute else None
        self._tokens = Bucket(tokens_per_minute, time) if tokens_per_minute else None
        self._purse = purse
        self._breaker = breaker
        self._time = time
        self._corrected: asyncio.Future[None] | None = None

    def enter(self, estimate: Estimate) -> AbstractAsyncContextManager[Toll]:
        """Wait for the turn, make the call inside, say `toll.paid(…)`. A failure settles by what the error says.

        Raises: BudgetSpent, or ReaderUnavailable while the breaker is open; then no call must be made.
        """
        return self._enter(estimate)

    @property
    def idle(self) -> bool:
        """Whether nobody is inside and nobody waits."""
        return self._places.idle and self._line.idle

    @asynccontextmanager
    async def _enter(self, estimate: Estimate) -> AsyncIterator[Toll]:
        if self._breaker is not None:
            self._breaker.check()  # nobody waits for a provider that is left alone
        await self._places.take()
        try:
            toll = await self._admit(estimate)
            try:
                yield toll
            except BaseException as problem:
                self._leave(toll, problem)
                raise
            self._leave(toll, None)
        finally:
            self._places.give_back()

    async def _admit(self, estimate: Estimate) -> Toll:
        if self._requests is None and self._tokens is None:
            return self._pass(estimate)
        await self._line.take()
        try:
            while (wait_s := self._wait_s(estimate)) > 0:
                await self._rest(wait_s)
            return self._pass(estimate)
        finally:
            self._line.give_back()

    def _wait_s(self, estimate: Estimate) -> float:
        waits = [0.0]
        if self._requests is not None:
            waits.append(self._requests.wait_s(1))
        if self._tokens is not None:
            waits.append(self._tokens.wait_s(_tokens(estimate)))
        return max(waits)

    async def _rest(self, wait_s: float) -> None:
        """Wait, or until a call that came back used fewer tokens than were taken for it."""
        self._corrected = asyncio.get_running_loop().create_future()
        sleeper = asyncio.ensure_future(self._time.sleep(wait_s))
        try:
            await asyncio.wait({sleeper, self._corrected}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            self._corrected = None

    def _pass(self, estimate: Estimate) -> Toll:
        """Breaker, budget and buckets in one go: nothing is awaited, so nothing can be left half taken."""
        probe = self._breaker.admit() if self._breaker is not None else False
        try:
            reservation = self._purse.reserve(estimate) if self._purse is not None else None
        except BaseException:
            if self._breaker is not None:
                self._breaker.abandoned(probe=probe)
            raise
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(_tokens(estimate))
        return Toll(estimate=estimate, reservation=reservation, probe=probe)

    def _leave(self, toll: Toll, problem: BaseException | None) -> None:
        bill = toll.bill
        if self._purse is not None and toll.reservation is not None:
            self._purse.settle(toll.reservation, estimate=toll.estimate, bill=bill, counts=charged(problem))
        if self._breaker is not None:
            self._breaker.left(probe=toll.probe, problem=problem)
        if self._tokens is not None and bill is not None and bill.input_tokens is not None:
            output = toll.estimate.output_tokens if bill.output_tokens is None else bill.output_tokens
            self._tokens.correct(_tokens(toll.estimate), bill.input_tokens + output)
            if self._corrected is not None and not self._corrected.done():
                self._corrected.set_result(None)


def _tokens(estimate: Estimate) -> int:
    return estimate.input_tokens + estimate.output_tokens


class Limited(Wrapper):
    """A reader each of whose reads passes the turnstile as one call: for plug-ins, which make their calls themselves.

    Raises, when read: BudgetSpent, ReaderUnavailable, and what the reader raises.
    """

    def __init__(self, reader: Reader, turnstile: Turnstile) -> None:
        super().__init__(reader)
        self._turnstile = turnstile

    async def read(self, request: ReadRequest) -> Read:
        """The reader's read, once it may."""
        estimate = self.reader.estimate(request) if isinstance(self.reader, Priced) else UNKNOWN
        async with self._turnstile.enter(estimate) as toll:
            read = await self.reader.read(request)
            usage = Usage() if read.usage is None or trace_of(read).cached else read.usage
            toll.paid(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cost_usd=read.cost_usd)
        return read
