"""Our prices and the installed genai-prices' data: where they part, the catalog says why."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from wetread.readers.catalog import load_catalog
from wetread.settings import Provider

pytest.importorskip("genai_prices", reason="genai-prices comes with wetread[vision]")
from genai_prices.data import providers

LISTED = {(provider.id, entry.id): entry for provider in providers for entry in provider.models}
PRICED = [entry for entry in load_catalog().entries if entry.prices]


def base(price):
    return None if price is None else float(price if isinstance(price, Decimal) else price.base)


def told(listed, day):
    """(input, cached input, output) on the day at noon, and the tier's where there is one."""
    prices = listed.get_prices(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    parts = (prices.input_mtok, prices.cache_read_mtok, prices.output_mtok)
    tiers = [None if isinstance(part, Decimal | None) else part.tiers[0] for part in parts]
    above = (tiers[0].start, *(float(tier.price) for tier in tiers)) if all(tiers) else None
    return tuple(map(base, parts)), above


def ours(price):
    above = price.above
    tier = above and (above.above_tokens, above.input_usd, above.cached_input_usd, above.output_usd)
    return (price.input_usd, price.cached_input_usd, price.output_usd), tier


@pytest.mark.parametrize("entry", PRICED, ids=lambda entry: entry.model_id)
def test_a_price_is_the_installed_tables_or_says_why_not(entry):
    assert (entry.provider.value, entry.model_id) in LISTED, "a price needs a source that can be checked"
    listed = LISTED[entry.provider.value, entry.model_id]
    for price in entry.prices:
        theirs, above = told(listed, price.since or price.date)
        mine, tier = ours(price)
        if price.differs:
            assert mine != theirs, "it does not differ: take the note away"
            continue
        assert mine == theirs
        assert tier == above or above[0] >= entry.limits.context_tokens, "a longer call than any that is possible"


@pytest.mark.parametrize("entry", PRICED, ids=lambda entry: entry.model_id)
def test_a_price_that_is_known_to_come_is_in_the_catalog(entry):
    listed = LISTED[entry.provider.value, entry.model_id].prices
    starts = [getattr(one.constraint, "start_date", None) for one in listed] if isinstance(listed, list) else []
    later = {start for start in starts if start and start > entry.prices[0].date}
    assert later <= {price.since for price in entry.prices}


@pytest.mark.parametrize(
    ("provider", "model_id", "prices"),
    [
        ("openai", "gpt-4.1", (2.0, 8.0)),
        ("openai", "gpt-5", (1.25, 10.0)),
        ("openai", "gpt-5-mini", (0.25, 2.0)),
        ("anthropic", "claude-sonnet-4-5", (3.0, 15.0)),
        ("google", "gemini-2.5-flash", (0.30, 2.5)),
    ],
)
def test_the_list_prices_of_mid_2026_still_hold(provider, model_id, prices):
    price = load_catalog().entry(Provider(provider), model_id).price
    assert (price.input_usd, price.output_usd) == prices
