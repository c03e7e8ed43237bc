"""What a site's studies would cost at each model of the catalog and each configured reader, before any is asked."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.study import Study
from wetread.domain.view import Failure, View, ViewKind, ViewPlan
from wetread.domain.vocabulary import Vocabulary
from wetread.errors import UnknownPlugin
from wetread.guard import Isolation
from wetread.imaging.size import fit
from wetread.readers.catalog import (
    Asked,
    Bill,
    Catalog,
    CatalogEntry,
    Examination,
    Family,
    Price,
    Sized,
    Workload,
    bill_of,
    load_catalog,
    load_workload,
    only,
    priced,
    sent_size,
    text_tokens,
)
from wetread.readers.prompts import first_pass, sheet_for
from wetread.settings import Settings, VisionSettings
from wetread.wiring.preparing import prepare_guarded
from wetread.wiring.reader_facts import CONTEXT_TOKENS, IMAGES_A_CALL, plan_of_reader
from wetread.wiring.sources import Orders

Size = tuple[int, int]
Sizing = Callable[[Asked], Sequence[Sized]]
MONTHS = 12
NO_NONCE = "0" * 16  # as long as a real one


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One line of the comparison. Tokens, calls and dollars are means over the mix; None is unknown, never 0.

    An image is a picture as it is sent. `usd_per_study_at_most`: every answer as long as allowed, every consistency
    run made; repeats after a failure come on top. `picture_px` is what we send of the mix's largest picture,
    `kept_px` what the provider keeps of it.
    """

    reader: str | None
    model_id: str
    provider: str
    title: str
    images: bool | None
    picture_px: Size
    kept_px: Size
    images_per_study: float
    calls_per_study: float
    input_tokens_per_study: float
    output_tokens_per_study: float
    usd_per_image: float | None
    usd_per_study: float | None
    usd_per_study_at_most: float | None
    usd_per_1000_images: float | None
    usd_per_month: float | None
    usd_per_year: float | None
    price: Price | None
    status: str
    ended: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """The comparison with what it rests on. `measured_studies` is None where the mix is assumed."""

    catalog_version: str
    catalog_sha256: str
    site_file: str | None
    day: date
    workload: Workload
    studies_per_year: float
    measured_studies: int | None
    rows: tuple[CostRow, ...]


def workload_for(mix: Path | None, *, modality: str | None, images: int | None) -> Workload:
    """The shipped workload or a site's, all of it or of one modality, with so many images a study.

    Raises: ConfigurationError naming file and key, or the modality.
    """
    workload = load_workload(mix)
    if modality is not None:
        workload = only(workload, modality=modality)
    if images is None:
        return workload
    return replace(workload, examination=tuple(replace(one, pictures=images) for one in workload.examination))


def cost_report(
    settings: Settings,
    *,
    readers: Iterable[str],
    workload: Workload,
    studies_per_year: float,
    today: date,
    measured: "Measured | None" = None,
) -> CostReport:
    """The comparison over the user's own studies where there are any, else over the workload's assumptions.

    Raises: UnknownPlugin for a name that is neither a reader nor a model id, ConfigurationError for a bad catalog.
    """
    catalog = load_catalog(settings.catalog_file)
    asked = to_ask(settings, catalog, readers, passes=workload.passes, today=today)
    sizing = measured or Assumed(workload, Texts(load_vocabulary(settings.vocabulary_file)))
    return CostReport(
        catalog_version=catalog.version,
        catalog_sha256=catalog.sha256,
        site_file=catalog.site_file,
        day=today,
        workload=workload,
        studies_per_year=studies_per_year,
        measured_studies=measured.count if measured else None,
        rows=cost_rows(asked, sizing, studies_per_year=studies_per_year, today=today),
    )


def to_ask(
    settings: Settings, catalog: Catalog, names: Iterable[str], *, passes: int, today: date
) -> tuple[Asked, ...]:
    """The configured readers and every model of the catalog, or those named: a reader's name or an exact model id.

    Raises: UnknownPlugin naming the readers there are.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        configured = [_configured(name, one, catalog, today) for name, one in settings.readers.items()]
        return (*configured, *(_listed(entry, catalog, passes) for entry in catalog.entries))
    asked: list[Asked] = []
    for name in wanted:
        found = [entry for entry in catalog.entries if name == entry.model_id or name in entry.aliases]
        if name in settings.readers:
            asked.append(_configured(name, settings.readers[name], catalog, today))
        elif found:
            asked += [_listed(entry, catalog, passes) for entry in found]
        else:
            known = ", ".join(settings.readers) or "none"
            raise UnknownPlugin(f"no vision reader or model id {name!r}; configured: {known}; ids: `wetread cost`")
    return tuple(asked)


def _configured(name: str, chosen: VisionSettings, catalog: Catalog, today: date) -> Asked:
    entry = catalog.entry(chosen.provider, chosen.model_id)
    entry = priced(entry, input_usd=chosen.price_input_usd, output_usd=chosen.price_output_usd, day=today)
    return _asked(name, chosen, entry, catalog)


def _listed(entry: CatalogEntry, catalog: Catalog, passes: int) -> Asked:
    """A model nobody configured, with what a reader has by default."""
    usual = VisionSettings.model_construct(
        kind="vision", provider=entry.provider, model_id=entry.model_id, passes=passes
    )
    return _asked(None, usual, entry, catalog)


def _asked(name: str | None, chosen: VisionSettings, entry: CatalogEntry, catalog: Catalog) -> Asked:
    limit = entry.limits.max_output_tokens
    most_tokens = chosen.max_output_tokens if limit is None else min(chosen.max_output_tokens, limit)
    return Asked(
        reader=name,
        entry=entry,
        plan=plan_of_reader(chosen, entry),
        passes=chosen.passes,
        answer_tokens=min(catalog.p95_output_tokens, most_tokens),
        max_output_tokens=most_tokens,
        images_per_call=chosen.max_images_per_call or min(entry.limits.max_images or IMAGES_A_CALL, IMAGES_A_CALL),
        consistency_runs=chosen.consistency_runs,
        synthesis=chosen.synthesis,
    )


class Texts:
    """Tokens of the prompt, checklist and schema that go with pictures; each text is counted once a family."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._counted: dict[tuple[str, str], int] = {}

    def tokens(self, views: tuple[View, ...], family: Family) -> int:
        """Tokens of one call's text, as the reader would write it for these pictures."""
        sheet = sheet_for(ReadRequest(study_ref="", views=views, order=Order()), self._vocabulary)
        text = "\n".join((sheet.system, first_pass(sheet, views, nonce=NO_NONCE), json.dumps(sheet.schema)))
        if (text, family.name) not in self._counted:
            self._counted[text, family.name] = text_tokens(text, family)
        return self._counted[text, family.name]


class Assumed:
    """The workload's examinations, at the size that each model is sent."""

    def __init__(self, workload: Workload, texts: Texts) -> None:
        self._workload, self._texts = workload, texts

    def __call__(self, asked: Asked) -> tuple[Sized, ...]:
        """Each examination of the mix."""
        return tuple(self._sized(one, asked) for one in self._workload.examination)

    def _sized(self, one: Examination, asked: Asked) -> Sized:
        width, height = fit(one.width_px, one.height_px, asked.plan)
        count = min(one.pictures, asked.plan.max_images or one.pictures)
        shown = View(
            kind=ViewKind.IMAGE,
            picture=b"",
            media_type=asked.plan.media_types[0],
            width=width,
            height=height,
            colour=False,
            modality=one.modality,
            body_part=one.body_part,
            pixel_sha256="",
            recipe=(),
        )
        return Sized(
            pictures=((width, height),) * count,
            share=one.share,
            text_tokens=self._texts.tokens((shown,) * count, asked.entry.family),
            clinical_tokens=self._workload.clinical_tokens,
        )


class Measured:
    """The user's own studies, prepared as each model would be sent them; equal plans are prepared once."""

    def __init__(self, studies: Sequence[Study], orders: Orders, texts: Texts, isolation: Isolation) -> None:
        self._orders = [clinical_text(orders.of(study)) for study in studies]
        self._studies, self._texts, self._isolation = studies, texts, isolation
        self._views: dict[ViewPlan, list[tuple[View, ...]]] = {}
        self.count = len(studies)
        self.failures: tuple[Failure, ...] = ()

    def __call__(self, asked: Asked) -> tuple[Sized, ...]:
        """Each study with pictures, at the size this model is sent, with the tokens of its texts."""
        if asked.plan not in self._views:
            self._views[asked.plan] = [self._prepare(study, asked.plan) for study in self._studies]
        family = asked.entry.family
        return tuple(
            Sized(
                pictures=tuple((view.width, view.height) for view in views),
                share=1.0,
                text_tokens=self._texts.tokens(views, family),
                clinical_tokens=min(text_tokens(clinical, family), CONTEXT_TOKENS),
            )
            for views, clinical in zip(self._views[asked.plan], self._orders, strict=True)
            if views
        )

    def _prepare(self, study: Study, plan: ViewPlan) -> tuple[View, ...]:
        prepared = prepare_guarded(study, plan, self._isolation)
        self.failures = tuple(dict.fromkeys((*self.failures, *prepared.failures)))
        return tuple(replace(view, picture=b"") for view in prepared.views)


def clinical_text(order: Order) -> str:
    """The words of an order that a reader may be told, one part a line; its accession number is left out."""
    parts = [order.clinical_question or "", order.chief_complaint or "", *order.symptoms, *order.history]
    parts += [" ".join(filter(None, (lab.name, lab.value, lab.unit, lab.flag))) for lab in order.laboratory]
    parts += [f"{prior.date or ''} {prior.text}" for prior in order.priors]
    return "\n".join(part for part in parts if part)


def cost_rows(asked: Sequence[Asked], sizing: Sizing, *, studies_per_year: float, today: date) -> tuple[CostRow, ...]:
    """One row a model: cheapest first, unknown costs after the known, ended models last."""
    rows: list[CostRow] = []
    for one in asked:
        sized = sizing(one)
        if sized:
            bills = [bill_of(one, study, day=today) for study in sized]
            rows.append(_row(one, sized, bills, studies_per_year=studies_per_year, today=today))
    return tuple(sorted(rows, key=_order))


def _order(row: CostRow) -> tuple[bool, bool, float, str, str]:
    return row.ended, row.usd_per_study is None, row.usd_per_study or 0.0, row.model_id, row.reader or ""


def _row(
    asked: Asked, sized: Sequence[Sized], bills: Sequence[Bill], *, studies_per_year: float, today: date
) -> CostRow:
    entry, shares = asked.entry, [study.share for study in sized]
    usd = _mean([bill.usd for bill in bills], shares)
    images = _known_mean([len(study.pictures) for study in sized], shares)
    largest = max((size for study in sized for size in study.pictures), key=lambda size: size[0] * size[1])
    return CostRow(
        reader=asked.reader,
        model_id=entry.model_id,
        provider=entry.provider.value,
        title=entry.title,
        images=entry.images,
        picture_px=largest,
        kept_px=sent_size(entry.family, *largest),
        images_per_study=images,
        calls_per_study=_known_mean([bill.calls for bill in bills], shares),
        input_tokens_per_study=_known_mean([bill.input_tokens for bill in bills], shares),
        output_tokens_per_study=_known_mean([bill.output_tokens for bill in bills], shares),
        usd_per_image=None if usd is None else usd / images,
        usd_per_study=usd,
        usd_per_study_at_most=_mean([bill.most_usd for bill in bills], shares),
        usd_per_1000_images=None if usd is None else 1000 * usd / images,
        usd_per_month=None if usd is None else usd * studies_per_year / MONTHS,
        usd_per_year=None if usd is None else usd * studies_per_year,
        price=entry.price_on(today),
        status=entry.status(today),
        ended=entry.ended(today),
        notes=tuple(_notes(entry, bills, today)),
    )


def _mean(values: Sequence[float | None], shares: Sequence[float]) -> float | None:
    """The weighted mean, None where one value is unknown."""
    known = [value for value in values if value is not None]
    return _known_mean(known, shares) if len(known) == len(values) else None


def _known_mean(values: Sequence[float], shares: Sequence[float]) -> float:
    return sum(value * share for value, share in zip(values, shares, strict=True)) / sum(shares)


def _notes(entry: CatalogEntry, bills: Sequence[Bill], today: date) -> Iterable[str]:
    """What one must know to read this line."""
    if entry.end_of_life is not None:
        yield f"after {entry.end_of_life.date}: {entry.end_of_life.after}"
    for price in entry.prices:
        if price.since is not None and price.since > today:
            yield f"from {price.since} ${price.input_usd:g} in, ${price.output_usd:g} out a million tokens"
    now = entry.price_on(today)
    if now is not None and now.differs:
        yield f"price: {now.differs}"
    if entry.thinks:
        yield "hidden thinking is billed as output and not predicted"
    if entry.images is None:
        yield "whether it sees pictures: the probe decides"
    if not all(bill.fits for bill in bills):
        yield "one picture with its text is over the model's context"
    if entry.note:
        yield ("unconfirmed: " if entry.unconfirmed else "") + entry.note
    if entry.family.unconfirmed and entry.family.note:
        yield f"unconfirmed count of picture tokens: {entry.family.note}"
