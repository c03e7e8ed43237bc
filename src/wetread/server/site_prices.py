"""The catalog of models with their prices, and what each role may do, to look at."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from wetread.domain.audit import Action
from wetread.domain.people import ALLOWED, Permission, Role
from wetread.readers.catalog import CatalogEntry, Price, load_catalog
from wetread.server.problems import PROBLEMS
from wetread.server.witness import SettingsViewer, Witness, witness
from wetread.wiring.reader_facts import entry_of

router = APIRouter(tags=["settings"], responses=PROBLEMS)
Administrator = Annotated[Witness, Depends(witness(Permission.USERS_CHANGE))]


class PriceView(BaseModel):
    """US dollars a million tokens, with where and when they were read. `differs` says what is odd about them."""

    input_usd: float
    output_usd: float
    cached_input_usd: float | None
    since: date | None
    source: str
    date: date
    differs: str | None


class CatalogEntryView(BaseModel):
    """One model of the catalog. `readers` are the configured ones that ask it; `price` null: nobody knows it.

    `images` null: sources disagree on whether it takes pictures. `next_price` begins on its `since`.
    """

    readers: list[str]
    model_id: str
    provider: str
    title: str
    images: bool | None
    price: PriceView | None
    next_price: PriceView | None
    ends_on: date | None
    after_end: str | None
    ended: bool
    status: str
    note: str | None
    unconfirmed: bool


class PricesView(BaseModel):
    """Prices on `day`. Models that a reader asks come first."""

    version: str
    own_file: bool
    day: date
    models: list[CatalogEntryView]


class RolesView(BaseModel):
    """What each role may do: exactly this."""

    roles: dict[Role, list[Permission]]


@router.get("/settings/prices")
def prices(who: SettingsViewer) -> PricesView:
    """The catalog of models that predictions and budgets count with."""
    who.saw(Action.SETTINGS_VIEW, "settings/prices")
    settings, today = who.ground.service.settings, who.ground.now().date()
    catalog = load_catalog(settings.catalog_file)
    asked: dict[tuple[str, str], tuple[CatalogEntry, list[str]]] = {}
    for name, own in settings.readers.items():
        entry = entry_of(own, catalog)
        asked.setdefault((entry.provider.value, entry.model_id), (entry, []))[1].append(name)
    known = {(entry.provider.value, entry.model_id): (entry, list[str]()) for entry in catalog.entries}
    return PricesView(
        version=catalog.version,
        own_file=settings.catalog_file is not None,
        day=today,
        models=[_entry(entry, names, today) for entry, names in {**asked, **known, **asked}.values()],
    )


@router.get("/roles")
def roles(who: Administrator) -> RolesView:
    """Every role with its permissions."""
    who.saw(Action.SETTINGS_VIEW, "settings/roles")
    return RolesView(roles={role: sorted(ALLOWED[role]) for role in Role})


def _entry(entry: CatalogEntry, names: list[str], today: date) -> CatalogEntryView:
    end = entry.end_of_life
    later = [price for price in entry.prices if price.since is not None and price.since > today]
    return CatalogEntryView(
        readers=names,
        model_id=entry.model_id,
        provider=entry.provider.value,
        title=entry.title,
        images=entry.images,
        price=_price(entry.price_on(today)),
        next_price=_price(min(later, key=lambda price: price.since or date.max, default=None)),
        ends_on=end.date if end else None,
        after_end=end.after if end else None,
        ended=entry.ended(today),
        status=entry.status(today),
        note=entry.note,
        unconfirmed=entry.unconfirmed,
    )


def _price(price: Price | None) -> PriceView | None:
    if price is None:
        return None
    return PriceView(**{name: getattr(price, name) for name in PriceView.model_fields})
