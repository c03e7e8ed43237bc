"""What the catalog says of a vision model: who offers it, what it takes, what it costs, when it ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from pydantic import with_config

from wetread.readers.catalog.tokens import STRICT, Count, Family, Usd
from wetread.settings import Provider

SOON_DAYS = 90  # an end that is nearer than this is counted in days


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may hold. None is no known limit.

    `max_edge_px`: a longer side is shrunk by the provider anyway; `usual_edge_px`: what is sent where nobody asks
    for more. `max_pixels`: more are shrunk anyway. `max_picture_bytes` are a picture's own, `max_request_bytes` those
    of the body, where pictures stand in base64. `max_output_tokens` includes what a model thinks.
    """

    max_images: Count | None = None
    max_edge_px: Count | None = None
    usual_edge_px: Count | None = None
    max_pixels: Count | None = None
    max_picture_bytes: Count | None = None
    max_request_bytes: Count | None = None
    context_tokens: Count | None = None
    max_output_tokens: Count | None = None
    media_types: tuple[str, ...] = ("image/png",)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Prices of a whole call whose input is longer than `above_tokens`."""

    above_tokens: Count
    input_usd: Usd
    output_usd: Usd
    cached_input_usd: Usd | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars a million tokens, with where and when they were read. `since` is the day they begin.

    `differs` says why they are not those of the price table that the tests compare with.
    """

    input_usd: Usd
    output_usd: Usd
    cached_input_usd: Usd | None = None
    above: Tier | None = None
    since: date | None = None
    source: str
    date: date
    differs: str | None = None

    def rates(self, input_tokens: int) -> tuple[float, float, float]:
        """(input, cached input, output) of a call with so many input tokens; unpriced cache costs as input."""
        at: Price | Tier = self.above if self.above and input_tokens > self.above.above_tokens else self
        return at.input_usd, at.input_usd if at.cached_input_usd is None else at.cached_input_usd, at.output_usd


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfLife:
    """The last day a provider serves a model, and what a call gets afterwards."""

    date: date
    after: str
    source: str


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """One vision model at one provider.

    `images` None: sources contradict each other, the capability probe decides. `modalities` empty: every picture kind
    may be asked. `forms`: how it can be made to answer, best first. `thinks`: it bills hidden thinking as output.
    `known` False: a conservative stand-in for an id the catalog does not hold.
    """

    model_id: str
    provider: Provider
    also: tuple[Provider, ...] = ()
    aliases: tuple[str, ...] = ()
    title: str
    family: Family
    images: bool | None = None
    modalities: tuple[str, ...] = ()
    limits: Limits
    forms: tuple[Literal["structured", "tool", "text"], ...] = ("text",)
    prices: tuple[Price, ...] = ()
    end_of_life: EndOfLife | None = None
    refuses_temperature: bool = False
    thinks: bool = False
    image_detail: str | None = None
    media_resolution: str | None = None
    unconfirmed: bool = False
    note: str | None = None
    known: bool = True

    def price_on(self, day: date | None) -> Price | None:
        """The price of a day; without one the dearest of those there are. None: no price is known."""
        if day is None:
            return max(self.prices, key=lambda price: (price.output_usd, price.input_usd), default=None)
        begun = [price for price in self.prices if price.since is None or price.since <= day]
        return max(begun, key=lambda price: price.since or date.min, default=None)

    @property
    def price(self) -> Price | None:
        """The dearest price there is: what a budget counts with."""
        return self.price_on(None)

    def ended(self, today: date) -> bool:
        """True after the last day."""
        return self.end_of_life is not None and today > self.end_of_life.date

    def status(self, today: date) -> str:
        """In words: `known`, `ends in 9 days (2026-11-30)`, `ended 2026-10-23`, `not in the catalog`."""
        if not self.known:
            return "not in the catalog"
        if self.end_of_life is None:
            return "known"
        last, left = self.end_of_life.date, (self.end_of_life.date - today).days
        if left < 0:
            return f"ended {last}"
        if left == 0:
            return f"ends today ({last})"
        if left == 1:
            return f"ends tomorrow ({last})"
        return f"ends in {left} days ({last})" if left <= SOON_DAYS else f"ends {last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every model that is known, with the files it was read from. `sha256` is over their text."""

    version: str
    sha256: str
    site_file: str | None
    entries: tuple[CatalogEntry, ...]
    families: Mapping[str, Family] = field(repr=False)
    unknown: Mapping[Provider, CatalogEntry] = field(repr=False)
    p95_output_tokens: int

    def entry(self, provider: Provider | str, model_id: str) -> CatalogEntry:
        """The entry of exactly this id or alias; never the nearest name.

        A gateway that passes on another provider's model by its exact id gets what is known of it, without a price:
        the gateway sets its own. Any other id gets the provider's conservative stand-in, `known` False, no price.
        """
        provider = Provider(provider)
        for entry in self._named(model_id):
            if provider is entry.provider or provider in entry.also:
                return replace(entry, provider=provider)
        if provider is Provider.OPENAI_COMPATIBLE:
            for entry in self._named(model_id):
                note = f"{entry.provider.value}'s model by a gateway: its price is not the gateway's"
                return replace(entry, provider=provider, prices=(), end_of_life=None, note=note)
        return replace(self.unknown[provider], model_id=model_id, title=model_id)

    def _named(self, model_id: str) -> Iterator[CatalogEntry]:
        return (entry for entry in self.entries if model_id == entry.model_id or model_id in entry.aliases)


def priced(entry: CatalogEntry, *, input_usd: float | None, output_usd: float | None, day: date) -> CatalogEntry:
    """The entry with a site's own prices (US dollars a million tokens); what is None stays the catalog's.

    Where the catalog knows no price, both are needed: half a price would make a bill too small.
    """
    if input_usd is None and output_usd is None:
        return entry
    listed = entry.price_on(day)
    if listed is not None:
        input_usd = listed.input_usd if input_usd is None else input_usd
        output_usd = listed.output_usd if output_usd is None else output_usd
    if input_usd is None or output_usd is None:
        return replace(entry, prices=())
    own = Price(input_usd=input_usd, output_usd=output_usd, source="the site's settings", date=day)
    return replace(entry, prices=(own,))
