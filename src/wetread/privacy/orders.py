"""The clinical context as it may go out: every free text scrubbed, numbers that name the patient left out."""

from dataclasses import dataclass, replace
from typing import TypeVar

from wetread.domain.order import Laboratory, Order, PriorReport
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.patterns import text_patterns
from wetread.privacy.scrub import Scrubbed, scrub

Entry = TypeVar("Entry", str, Laboratory, PriorReport)
EARLIER = "earlier"  # a request names no date that a prior's could be told relative to
SEXES = ("M", "F", "O")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedText:
    """An order as it may go. `removed` names the kinds of things taken out; the rest names the fields."""

    order: Order
    removed: tuple[str, ...]
    orders: tuple[str, ...]
    hidden: tuple[str, ...]
    cut: tuple[str, ...]


class _Scrubber:
    """Scrubs field by field and keeps what was noticed where."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self.noticed: list[tuple[str, Scrubbed]] = []

    def text(self, field: str, text: str | None, *, value: bool = False) -> str | None:
        """The text, None where nothing is left."""
        if text is None:
            return None
        done = scrub(text, self._identifiers, limit=text_patterns().limits[field], value=value)
        self.noticed.append((field.replace("_", " "), done))
        return done.text or None

    def texts(self, field: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Each text that is left."""
        return tuple(done for done in (self.text(field, text) for text in self.first(field, texts)) if done)

    def first(self, field: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """As many as may go."""
        most = text_patterns().limits["most_entries"]
        if len(entries) > most:
            self.noticed.append((field.replace("_", " "), Scrubbed("", cut=True)))
        return entries[:most]


def clean_order(order: Order, identifiers: Identifiers) -> CleanedText:
    """An order without accession number, dates and whatever names somebody."""
    work = _Scrubber(identifiers)
    limits = text_patterns().limits
    old = order.age_years is not None and order.age_years >= limits["oldest_age_years"] + 1
    clean = replace(
        order,
        accession_number=None,
        age_years=float(limits["capped_age_years"]) if old else order.age_years,
        sex=order.sex if order.sex in SEXES else None,
        clinical_question=work.text("clinical_question", order.clinical_question),
        chief_complaint=work.text("chief_complaint", order.chief_complaint),
        symptoms=work.texts("symptom", order.symptoms),
        history=work.texts("history", order.history),
        laboratory=tuple(_laboratory(value, work) for value in work.first("laboratory_name", order.laboratory)),
        priors=tuple(_prior(prior, work) for prior in work.first("prior", order.priors)),
    )
    return CleanedText(
        order=clean,
        removed=tuple(dict.fromkeys(kind for _, done in work.noticed for kind in done.removed)),
        orders=tuple(dict.fromkeys(field for field, done in work.noticed if done.orders)),
        hidden=tuple(dict.fromkeys(field for field, done in work.noticed if done.hidden)),
        cut=tuple(dict.fromkeys(field for field, done in work.noticed if done.cut)),
    )


def _laboratory(value: Laboratory, work: _Scrubber) -> Laboratory:
    return Laboratory(
        name=work.text("laboratory_name", value.name) or "",
        value=work.text("laboratory_value", value.value, value=True) or "",
        unit=work.text("laboratory_unit", value.unit, value=True),
        flag=work.text("laboratory_unit", value.flag, value=True),
    )


def _prior(prior: PriorReport, work: _Scrubber) -> PriorReport:
    date = None if prior.date is None else EARLIER
    return PriorReport(date=date, text=work.text("prior", prior.text) or "")
