"""The calls of one read: the form that the endpoint knows, one repair turn, retries, limits, and what it all took."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from wetread.errors import AnswerUnusable, ReaderError
from wetread.ports import Estimate
from wetread.readers.answers import Understood
from wetread.readers.prompts import repair
from wetread.readers.vision.client import Client
from wetread.readers.vision.failures import FormRefused
from wetread.readers.vision.journal import Journal, call_key, understood, written
from wetread.readers.vision.question import Form, Question, Reply
from wetread.readers.wrappers import Time, Turnstile, retrying

KEPT_OF_AN_ANSWER = 20_000
CUT_OFF = "Your answer was cut off. Answer again, shorter: findings that are present or uncertain first."
Understand = Callable[[str], Understood]


@dataclass(slots=True)
class Took:
    """What a read's calls took so far. A sum is None once a part of it is not known."""

    calls: int = 0
    attempts: int = 0
    repairs: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cached_tokens: int | None = 0
    predicted: list[Estimate] = field(default_factory=list)
    cost_usd: float | None = 0.0
    answered_by: str | None = None
    forms: set[str] = field(default_factory=set)
    passes: set[str] = field(default_factory=lambda: {"pixels"})

    def add(self, reply: Reply, attempts: int, cost_usd: float | None) -> None:
        """Count one answered call."""
        self.calls += 1
        self.attempts += attempts
        self.input_tokens = _sum(self.input_tokens, reply.input_tokens)
        self.output_tokens = _sum(self.output_tokens, reply.output_tokens)
        self.cached_tokens = _sum(self.cached_tokens, reply.cached_tokens or 0)
        self.cost_usd = None if self.cost_usd is None or cost_usd is None else self.cost_usd + cost_usd
        self.answered_by = reply.answered_by or self.answered_by


def _sum(sofar: int | None, more: int | None) -> int | None:
    return None if sofar is None or more is None else sofar + more


class Forms:
    """The form of asking that an endpoint is known to take; it steps down for good when one is refused."""

    def __init__(self, known: tuple[Form, ...]) -> None:
        self._known = known

    @property
    def first(self) -> Form:
        """The strictest that is left."""
        return self._known[0]

    def next(self, after: Form) -> Form | None:
        """The next one down, None after the last."""
        place = self._known.index(after) + 1 if after in self._known else len(self._known)
        return self._known[place] if place < len(self._known) else None

    def drop(self, refused: Form) -> bool:
        """Never ask this way again; False where no other way is left."""
        left = tuple(form for form in self._known if form is not refused)
        self._known = left or self._known
        return bool(left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What every call of a reader passes through: connection, limits, retries, prices.

    With a `journal` a finished call is asked, paid and counted against no limit again inside its scope; `who` is the
    reader's fingerprint.
    """

    client: Client
    turnstile: Turnstile
    time: Time
    retries: int
    estimate: Callable[[Question], Estimate]
    price: Callable[[Reply], float | None]
    forms: Forms
    who: str = ""
    journal: Journal | None = None


async def answer(line: Line, question: Question, understand: Understand, save: Understand, *, took: Took) -> Understood:
    """The answer, understood; one repair turn where it can't be, then what can be saved of it.

    A prose answer gets the repair turn too: a checklist says more than a story.

    Raises: AnswerUnusable with the raw text, and whatever the client raises.
    """
    reply = await _asked(line, question, took)
    got: Understood | None = None
    try:
        got = understand(reply.text)
        if got.form != "prose":
            return _noted(got, reply, took)
        problem = "It is no JSON object of the schema."
    except AnswerUnusable as unusable:
        problem = str(unusable)
    took.repairs += 1
    remark = CUT_OFF if reply.cut_off else repair(problem)
    again = replace(question, answer=reply.text[:KEPT_OF_AN_ANSWER], remark=remark)
    try:
        second = await _asked(line, again, took, form=line.forms.next(reply.form) if not reply.cut_off else None)
        return _noted(understand(second.text), second, took)
    except ReaderError as failed:  # a repair turn that breaks down must not take with it what was already said
        if got is not None:
            return _noted(got, reply, took)
        try:
            return _noted(save(reply.text), reply, took)
        except AnswerUnusable:
            raise AnswerUnusable(str(failed), raw=reply.text[:KEPT_OF_AN_ANSWER]) from failed


def _noted(got: Understood, reply: Reply, took: Took) -> Understood:
    took.forms.add(reply.form.value if got.form == "json" else got.form)
    return got


async def _asked(line: Line, question: Question, took: Took, *, form: Form | None = None) -> Reply:
    """One reply, in the strictest form the endpoint takes; a refused form is never tried again."""
    while True:
        now = form or line.forms.first
        try:
            return await _within_limits(line, question, took, form=now)
        except FormRefused:
            form = None
            if not line.forms.drop(now):
                raise


async def _within_limits(line: Line, question: Question, took: Took, *, form: Form) -> Reply:
    expected = line.estimate(question)
    took.predicted.append(expected)
    key = call_key(line.who, question, form) if line.journal else None
    if line.journal and key and (kept := await line.journal.recall(key)) is not None:
        reply = understood(kept)
        took.add(reply, 1, line.price(reply))
        return reply

    async def attempt() -> Reply:
        async with line.turnstile.enter(expected) as toll:
            reply = await line.client.ask(question, form)
            if line.journal and key:
                await line.journal.record(key, written(reply))
            toll.paid(input_tokens=reply.input_tokens, output_tokens=reply.output_tokens, cost_usd=line.price(reply))
            return reply

    done = await retrying(attempt, retries=line.retries, time=line.time)
    took.add(done.value, done.attempts, line.price(done.value))
    return done.value
