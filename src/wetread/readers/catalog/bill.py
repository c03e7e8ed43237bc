"""What a study takes at one model: its pictures parted into calls, pass by pass, in tokens and dollars."""

import math
from dataclasses import dataclass, replace
from datetime import date

from wetread.domain.view import ViewPlan
from wetread.ports import Estimate
from wetread.readers.catalog.entries import CatalogEntry
from wetread.readers.catalog.estimate import cost_usd, estimate_call
from wetread.readers.catalog.tokens import image_tokens

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model as it would be asked: its entry with the site's prices and the settings that change a bill.

    `answer_tokens` is how long an answer is expected to be, `max_output_tokens` how long it may be.
    """

    reader: str | None
    entry: CatalogEntry
    plan: ViewPlan
    passes: int
    answer_tokens: int
    max_output_tokens: int
    images_per_call: int | None
    consistency_runs: int
    synthesis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """One study as it would be sent: (width, height) of its pictures and how often it occurs among all.

    `text_tokens` are those of a call's prompt, checklist and schema. `clinical_tokens` are those of what is known of
    the patient: 0 is nothing, and then no second pass is made.
    """

    pictures: tuple[Size, ...]
    share: float
    text_tokens: int
    clinical_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one study takes. `most_usd`: every answer as long as allowed, every consistency run made.

    `fits` is False where not even one picture and its text are within the model's context.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    most_usd: float | None = 0.0
    fits: bool = True


def bill_of(asked: Asked, study: Sized, *, day: date) -> Bill:
    """Every call of a study: each pass shows every picture; several calls are summed up by one more.

    Pass two is told the clinical text and the findings of pass one; the summing-up the findings of every call.
    """
    bill = Bill()
    groups: list[tuple[Size, ...]] = []
    texts = [study.text_tokens, study.text_tokens + study.clinical_tokens + asked.answer_tokens]
    for text in texts[: asked.passes if study.clinical_tokens else 1]:
        groups, fits = calls_for(asked, study.pictures, text)
        for group in groups:
            bill = _with(bill, asked, pictures=group, text=text, day=day)
        bill = replace(bill, fits=bill.fits and fits)
    if asked.synthesis and len(groups) > 1:
        text = study.text_tokens + asked.answer_tokens * len(groups)
        bill = _with(bill, replace(asked, consistency_runs=1), pictures=(), text=text, day=day)
    return bill


def calls_for(asked: Asked, pictures: tuple[Size, ...], text: int) -> tuple[list[tuple[Size, ...]], bool]:
    """The pictures parted evenly into calls, and whether every call is within the model's context."""
    context, most, fits = asked.entry.limits.context_tokens, asked.images_per_call or len(pictures), True
    if context is not None:
        dearest = max(image_tokens(asked.entry.family, *size) for size in pictures)
        room = (context - text - asked.max_output_tokens) // dearest
        most, fits = min(most, max(1, room)), room >= 1
    even = math.ceil(len(pictures) / math.ceil(len(pictures) / most))
    return [pictures[start : start + even] for start in range(0, len(pictures), even)], fits


def _with(bill: Bill, asked: Asked, *, pictures: tuple[Size, ...], text: int, day: date) -> Bill:
    """The bill with one call more."""
    entry, answer, runs = asked.entry, asked.answer_tokens, asked.consistency_runs
    call: Estimate = estimate_call(
        entry, pictures=pictures, text=text, max_output_tokens=asked.max_output_tokens, day=day
    )
    usd = cost_usd(entry, input_tokens=call.input_tokens, output_tokens=answer, day=day)
    return replace(
        bill,
        calls=bill.calls + 1,
        input_tokens=bill.input_tokens + call.input_tokens,
        output_tokens=bill.output_tokens + answer,
        usd=None if usd is None or bill.usd is None else bill.usd + usd,
        most_usd=None if call.cost_usd is None or bill.most_usd is None else bill.most_usd + runs * call.cost_usd,
    )
