"""The vision reader: a study's views to one read, by a vision model behind any of the wire formats."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from wetread.domain.finding import Presence
from wetread.domain.order import Order
from wetread.domain.read import Read, ReaderIdentity, ReadRequest, Trace, Usage
from wetread.domain.view import Limitation, View, ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import ReaderError, ReaderRefused
from wetread.ports import Estimate
from wetread.readers.answers import Understood, merge_calls, merge_passes, salvage, understand, with_synthesis
from wetread.readers.prompts import Sheet, first_pass, second_pass, sheet_for, synthesis, synthesis_schema
from wetread.readers.vision.calls import Line, Took, answer
from wetread.readers.vision.journal import fencing_word
from wetread.readers.vision.question import Picture, Question

NONCE_BYTES = 8
MOST_SHEETS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a reader reads: passes, pictures a call, text budget, whether a long study is summed up."""

    passes: int
    images_per_call: int
    context_tokens: int
    synthesis: bool
    modalities: tuple[str, ...] = ()
    refusal: str | None = None
    caution: str | None = None


class VisionReader:
    """Reads views with a vision model. `refusal` says why it may be sent no pictures at all."""

    def __init__(
        self,
        identity: ReaderIdentity,
        *,
        plan: ViewPlan,
        line: Line,
        vocabulary: Vocabulary,
        manner: Manner,
        nonce: Callable[[], str] = lambda: secrets.token_hex(NONCE_BYTES),
    ) -> None:
        self.name = identity.name
        self.identity = identity
        self.plan = plan
        self._line = line
        self._vocabulary = vocabulary
        self._manner = manner
        self._nonce = nonce
        self._sheets: dict[frozenset[tuple[str | None, str | None]], Sheet] = {}

    async def read(self, request: ReadRequest) -> Read:
        """The coded findings of every view that fits its plan.

        Raises: ReaderRefused (not its pictures, or it abstains), AnswerUnusable, ReaderUnavailable and its kinds.
        """
        views = self._readable(request)
        sheet = self._sheet(request)
        took = Took()
        batches = _batches(views, self._manner.images_per_call)
        results = await asyncio.gather(
            *(self._batch(sheet, batch, request, took) for batch in batches), return_exceptions=True
        )
        parts, unread = _parted(batches, results)
        unread |= dict.fromkeys((v for v in request.views if v not in views), "they are of a modality it does not read")
        got = merge_calls(tuple(parts))
        if len(parts) > 1 and self._manner.synthesis:
            got = await self._summed_up(sheet, got, took)
        if got.abstained is not None:
            raise ReaderRefused(f"it abstains: {got.abstained}")
        return self._read(sheet, got, took, sent=tuple(v for v in views if v not in unread), unread=unread)

    def estimate(self, request: ReadRequest) -> Estimate:
        """What the read takes at most: every pass, with one repair of each."""
        sheet = self._sheet(request)
        turns = 2 * (2 if self._manner.passes > 1 and knows_more(request.order) else 1)
        each = [
            self._line.estimate(self._question(sheet, batch, first_pass(sheet, batch, nonce="0" * 2 * NONCE_BYTES)))
            for batch in _batches(request.views, self._manner.images_per_call)
        ]
        cost = None if any(one.cost_usd is None for one in each) else sum(one.cost_usd or 0.0 for one in each) * turns
        return Estimate(
            input_tokens=sum(one.input_tokens for one in each) * turns,
            output_tokens=sum(one.output_tokens for one in each) * turns,
            cost_usd=cost,
        )

    def _word(self, *about: str) -> str:
        """What fences foreign text in a prompt: by chance, or the same again where a read begins anew."""
        return fencing_word(self.identity.fingerprint, *about) or self._nonce()

    def _sheet(self, request: ReadRequest) -> Sheet:
        """The examination's sheet, made once for all studies whose views say the same of themselves."""
        kind = frozenset((view.modality, view.body_part) for view in request.views)
        if kind not in self._sheets:
            if len(self._sheets) >= MOST_SHEETS:
                self._sheets.clear()
            self._sheets[kind] = sheet_for(request, self._vocabulary)
        return self._sheets[kind]

    def _readable(self, request: ReadRequest) -> tuple[View, ...]:
        if self._manner.refusal is not None:
            raise _for_good(ReaderRefused(self._manner.refusal))
        if not request.views:
            raise ReaderRefused("there is no picture to read")
        allowed = self._manner.modalities
        views = tuple(v for v in request.views if not allowed or v.modality is None or v.modality in allowed)
        if not views:
            given = ", ".join(sorted({v.modality or "unknown" for v in request.views}))
            raise ReaderRefused(f"it reads {', '.join(allowed)}, not {given}")
        return views

    async def _batch(self, sheet: Sheet, views: tuple[View, ...], request: ReadRequest, took: Took) -> Understood:
        """Pictures alone first; then, where something is known of the patient, once more with it."""
        nonce = self._word(*(view.pixel_sha256 for view in views))
        line = self._line

        def save(raw: str) -> Understood:
            return salvage(raw, sheet, views)

        first = self._question(sheet, views, first_pass(sheet, views, nonce=nonce))
        got = await answer(line, first, lambda raw: understand(raw, sheet, views), save, took=took)
        if self._manner.passes < 2 or not knows_more(request.order) or got.abstained is not None:
            return got
        context = second_pass(sheet, got, request, nonce=nonce, budget_tokens=self._manner.context_tokens)
        took.passes.add("context")

        def grasp(raw: str) -> Understood:
            return understand(raw, sheet, views, compared=context.compared)

        try:
            second = await answer(line, self._question(sheet, views, context.text), grasp, save, took=took)
        except ReaderError as problem:  # what the pictures alone showed stands
            text = f"the clinical text was not weighed: {problem}"
            return replace(got, limitations=(*got.limitations, Limitation(code="context_not_read", text=text)))
        merged = merge_passes(got, second)
        return replace(merged, limitations=(*merged.limitations, *context.limitations))

    async def _summed_up(self, sheet: Sheet, got: Understood, took: Took) -> Understood:
        """A text-only call over the findings; where it fails, the findings stand without it."""
        took.passes.add("synthesis")
        question = Question(
            system=sheet.system,
            pictures=(),
            text=synthesis(sheet, got, nonce=self._word("synthesis")),
            schema=json.dumps(synthesis_schema()),
        )

        def grasp(raw: str) -> Understood:
            return with_synthesis(got, raw)

        try:
            second = await answer(self._line, question, grasp, grasp, took=took)
        except ReaderError as problem:
            text = f"the study was not summed up: {problem}"
            return replace(got, limitations=(*got.limitations, Limitation(code="not_summed_up", text=text)))
        return second

    def _question(self, sheet: Sheet, views: Sequence[View], text: str) -> Question:
        return Question(
            system=sheet.system,
            pictures=tuple(
                Picture(data=v.picture, media_type=v.media_type, width=v.width, height=v.height) for v in views
            ),
            text=text,
            schema=sheet.schema_text,
        )

    def _read(
        self, sheet: Sheet, got: Understood, took: Took, *, sent: tuple[View, ...], unread: dict[View, str]
    ) -> Read:
        findings = got.findings
        if unread:  # what was not looked at can't be called absent
            findings = tuple(
                replace(f, presence=Presence.NOT_ASSESSABLE) if f.presence is Presence.ABSENT else f for f in findings
            )
        return Read(
            reader=self.identity,
            findings=findings,
            quality=got.quality,
            priority_claim=got.priority_claim,
            impression=got.impression,
            differential=got.differential,
            recommendations=got.recommendations,
            limitations=(*got.limitations, *self._cautions(unread)),
            views_read=tuple(view.pixel_sha256 for view in sent),
            cost_usd=None if took.cost_usd is None else round(took.cost_usd, 8),
            usage=_usage(took),
            trace=Trace(
                prompt=sheet.prompt,
                prompt_sha256=sheet.sha256,
                answered_by=took.answered_by,
                form="+".join(sorted(took.forms)) or None,
                passes=tuple(one for one in ("pixels", "context", "synthesis") if one in took.passes),
                repairs=took.repairs,
                attempts=took.attempts,
            ),
            original=got.original,
        )

    def _cautions(self, unread: dict[View, str]) -> tuple[Limitation, ...]:
        said = []
        if self._manner.caution is not None:
            said.append(Limitation(code="reader_not_proven", text=f"{self.name}: {self._manner.caution}"))
        for reason in dict.fromkeys(unread.values()):
            count = sum(1 for other in unread.values() if other == reason)
            said.append(
                Limitation(code="pictures_not_read", text=f"{self.name} did not read {count} pictures: {reason}")
            )
        return tuple(said)


def knows_more(order: Order) -> bool:
    """True where the order says anything a second pass could weigh; age and sex alone are no reason to pay twice."""
    said = (order.clinical_question, order.chief_complaint, order.symptoms, order.history, order.laboratory)
    return any(said) or bool(order.priors)


def _batches(views: tuple[View, ...], size: int) -> list[tuple[View, ...]]:
    """Calls of about equal size, pictures in their order."""
    count = -(-len(views) // size)
    each = -(-len(views) // count) if count else 1
    return [views[start : start + each] for start in range(0, len(views), each)]


def _parted(
    batches: list[tuple[View, ...]], results: Sequence[Understood | BaseException]
) -> tuple[list[Understood], dict[View, str]]:
    """What was understood, and the views of calls that failed with the reason. The first error where all failed."""
    parts = [one for one in results if not isinstance(one, BaseException)]
    failures = [one for one in results if isinstance(one, BaseException)]
    grave = [one for one in failures if not isinstance(one, ReaderError)]
    if grave or not parts:
        raise (grave or failures)[0]
    unread = {
        view: str(one)
        for batch, one in zip(batches, results, strict=True)
        if isinstance(one, BaseException)
        for view in batch
    }
    return parts, unread


def _usage(took: Took) -> Usage:
    costs = [one.cost_usd for one in took.predicted]
    return Usage(
        calls=took.calls,
        input_tokens=took.input_tokens,
        output_tokens=took.output_tokens,
        cached_tokens=took.cached_tokens,
        predicted_input_tokens=sum(one.input_tokens for one in took.predicted),
        predicted_output_tokens=sum(one.output_tokens for one in took.predicted),
        predicted_cost_usd=None if any(c is None for c in costs) else sum(c or 0.0 for c in costs),
    )


def _for_good(refusal: ReaderRefused) -> ReaderRefused:
    refusal.code, refusal.failed = "rejected", True
    return refusal


def fingerprint(*parts: object) -> str:
    """One short hash over everything that shapes an answer: what is given, and every prompt file."""
    prompts = sorted(files("wetread.readers.prompts").iterdir(), key=lambda one: one.name)
    texts = (one.read_text(encoding="utf-8") for one in prompts if one.name.endswith(".toml"))
    return hashlib.sha256("\x1f".join((*map(str, parts), *texts)).encode()).hexdigest()[:16]
