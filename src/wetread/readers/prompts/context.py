"""The second pass: what is known of the patient, budgeted by importance and fenced."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import Template

from wetread.domain.order import Laboratory, Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import Limitation
from wetread.readers.prompts.examinations import turns
from wetread.readers.prompts.fence import fenced, plain
from wetread.readers.prompts.sheet import Sheet
from wetread.readers.prompts.turns import Said, told_findings

LEAST_TOKENS = 24  # a shorter piece of a cut item says nothing
LARGEST_SHARE = 0.4  # of the budget for one item, so that a long history does not displace the laboratory
OLDEST_YEARS = 89  # ages above are told as one group: 45 CFR 164.514(b)(2)(i)(C)
SEXES = {"M": "male", "F": "female", "O": "other"}
IMPRESSION = re.compile(r"\b(?:impression|conclusion|opinion|summary)\b\s*:", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.!?;\n])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextText:
    """The second pass's text. `sent` names what of the clinical context is in it: nothing means no second pass is due.

    `compared` is true where an earlier report's text was sent: only then can a reader speak of change.
    """

    text: str
    limitations: tuple[Limitation, ...] = ()
    sent: tuple[str, ...] = ()
    compared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One piece of context; `kind` is what a limitation calls it."""

    kind: str
    text: str

    @property
    def tokens(self) -> int:
        return tokens_at_most(f"{self.kind}: {self.text}\n")


def tokens_at_most(text: str) -> int:
    """An upper bound of the tokens of a text, for any of the families' tokenisers: a third of its UTF-8 bytes."""
    return math.ceil(len(text.encode()) / 3)


def second_pass(sheet: Sheet, said: Said, request: ReadRequest, *, nonce: str, budget_tokens: int) -> ContextText:
    """The text of the second pass: pass 1's findings and the clinical context within `budget_tokens`.

    The budget is for the context alone. Items leave whole, the least important first; one that had to be cut says so.
    """
    items = tuple(_items(request, sheet))
    kept = _within(items, budget_tokens)
    compared = any(item.kind.startswith("earlier report") for item in kept)
    body = "\n".join(f"{item.kind}: {item.text}" for item in kept) or "(no clinical text)"
    inside = f"Findings of pass 1: {told_findings(said)}\nClinical context:\n{body}"
    texts = turns().texts
    text = Template(texts["second"]).substitute(
        fence=fenced(inside, nonce), comparison=texts["compared" if compared else "not_compared"]
    )
    sent = tuple(dict.fromkeys(item.kind for item in kept))
    return ContextText(text=text, limitations=_left_out(items, kept), sent=sent, compared=compared)


def _items(request: ReadRequest, sheet: Sheet) -> Iterator[_Item]:
    """The context, the most important first. Accession number, priority and dates are not part of it."""
    order = request.order
    yield from _person(request)
    yield from _texts("clinical question", (order.clinical_question,))
    yield from _texts("chief complaint", (order.chief_complaint,))
    yield from _texts("symptom", order.symptoms)
    yield from _texts("history", _relevant_first(order, sheet))
    flagged = [lab for lab in order.laboratory if lab.flag and lab.flag.strip().upper() not in ("N", "NORMAL")]
    yield from _texts("laboratory (flagged)", map(_laboratory, flagged))
    conclusions = _conclusions(order)
    yield from _texts("earlier report, impression (the latest)", conclusions[:1])
    yield from _texts("laboratory", (_laboratory(lab) for lab in order.laboratory if lab not in flagged))
    yield from _texts("earlier report, impression", conclusions[1:])


def _person(request: ReadRequest) -> Iterator[_Item]:
    age = request.age_years if request.age_years is not None else request.order.age_years
    sex = (request.sex or request.order.sex or "").strip().upper()
    if age is not None and age >= 0:
        yield _Item(kind="age", text=_age(age))
    if sex in SEXES:
        yield _Item(kind="sex", text=SEXES[sex])


def _age(years: float) -> str:
    if years > OLDEST_YEARS:
        return "90 years or older"
    return f"{years * 12:.0f} months" if years < 2 else f"{years:.0f} years"


def _texts(kind: str, values: Iterable[str | None]) -> Iterator[_Item]:
    for value in values:
        text = plain(value or "", lines=True).replace("\n", " ")
        if text:
            yield _Item(kind=kind, text=text)


def _laboratory(lab: Laboratory) -> str:
    unit = f" {lab.unit}" if lab.unit else ""
    flag = f" ({lab.flag})" if lab.flag else ""
    return f"{lab.name} {lab.value}{unit}{flag}"


def _relevant_first(order: Order, sheet: Sheet) -> list[str]:
    """History that shares a word with the question, the complaint or the checklist stands before the rest."""
    asked = " ".join((order.clinical_question or "", order.chief_complaint or "", *order.symptoms))
    words = _words(asked) | _words(" ".join(term.label for term in sheet.terms))
    return sorted(order.history, key=lambda item: not (_words(item) & words))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def _conclusions(order: Order) -> list[str]:
    """The impression of each earlier report, the latest first; its whole text where it has none marked."""
    dated = sorted(order.priors, key=lambda prior: prior.date or "", reverse=True)
    return [_conclusion(prior.text) for prior in dated]


def _conclusion(text: str) -> str:
    parts = IMPRESSION.split(text)
    return parts[-1].strip() if len(parts) > 1 and parts[-1].strip() else text


def _within(items: Sequence[_Item], budget_tokens: int) -> tuple[_Item, ...]:
    """The most important items that fit. The first that does not is cut, where a piece still says something."""
    kept: list[_Item] = []
    left = budget_tokens
    for whole in items:
        share = left if whole.tokens <= LEAST_TOKENS else max(LEAST_TOKENS, int(budget_tokens * LARGEST_SHARE))
        item = _cut(whole, min(share, left))
        if item is None:
            break
        kept.append(item)
        left -= item.tokens
    return tuple(kept)


def _cut(item: _Item, most_tokens: int) -> _Item | None:
    """The item within `most_tokens`, ended after a sentence or a word; None where too little would remain."""
    if item.tokens <= most_tokens:
        return item
    if most_tokens < LEAST_TOKENS:
        return None
    total = len(item.text)
    low, high = 0, total
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _marked(item, middle, total).tokens <= most_tokens else (low, middle - 1)
    end = _graceful(item.text, low)
    return _marked(item, end, total) if end else None


def _marked(item: _Item, end: int, total: int) -> _Item:
    return replace(item, text=f"{item.text[:end].rstrip()} [cut: the first {end} of {total} characters]")


def _graceful(text: str, most: int) -> int:
    """The end of the last whole sentence within `most` characters, or of the last whole word."""
    ends = [match.start() for match in SENTENCE_END.finditer(text[: most + 1])]
    if ends and ends[-1] > most // 2:
        return ends[-1]
    space = text.rfind(" ", 0, most + 1)
    return space if space > 0 else most


def _left_out(items: Sequence[_Item], kept: Sequence[_Item]) -> tuple[Limitation, ...]:
    gone = items[len(kept) :]
    cut = [item.kind for item, whole in zip(kept, items, strict=False) if item.text != whole.text]
    parts = []
    if gone:
        counts = Counter(item.kind for item in gone)
        parts.append("not sent: " + ", ".join(f"{count} x {kind}" for kind, count in counts.items()))
    if cut:
        parts.append(f"sent in part: {', '.join(dict.fromkeys(cut))}")
    if not parts:
        return ()
    text = f"The clinical context was longer than its budget; {'; '.join(parts)}."
    return (Limitation(code="context_left_out", text=text),)
