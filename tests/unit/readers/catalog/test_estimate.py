"""Dollars before the call, and the pictures worth sending."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.domain.view import ViewPlan
from wetread.imaging.size import fit
from wetread.ports import Estimate
from wetread.readers.catalog import cost_usd, estimate_call, load_catalog, plan_for, sent_size

CATALOG = load_catalog()
FILM = (1536, 1536)
DAY = date(2026, 11, 21)
entries = st.sampled_from(CATALOG.entries)


@pytest.mark.parametrize(
    ("provider", "model_id", "usd"),
    [
        ("openai", "gpt-4.1", 0.0117),
        ("openai", "gpt-5-mini", 0.0028),
        ("anthropic", "claude-sonnet-4-5", 0.0226),
        ("google", "gemini-2.5-flash", 0.0030),
    ],
)
def test_a_chest_film_costs_what_the_published_table_says(provider, model_id, usd):
    entry = CATALOG.entry(provider, model_id)
    found = estimate_call(entry, pictures=(FILM,), text=1500, max_output_tokens=900)
    assert round(found.cost_usd, 4) == usd


def test_an_unknown_price_is_unknown_and_not_free():
    entry = CATALOG.entry("openai-compatible", "medgemma")
    found = estimate_call(entry, pictures=(FILM, FILM), text=100, max_output_tokens=50)
    assert found == Estimate(input_tokens=612, output_tokens=50, cost_usd=None)


def test_cached_input_costs_less_where_a_price_for_it_is_known():
    entry = CATALOG.entry("openai", "gpt-4.1")
    assert cost_usd(entry, input_tokens=1_000_000, output_tokens=0, cached_tokens=1_000_000) == 0.5
    without = CATALOG.entry("deepseek", "deepseek-v3.2")
    assert cost_usd(without, input_tokens=1_000_000, output_tokens=0, cached_tokens=1_000_000) == 0.2288


def test_a_long_call_is_billed_whole_at_the_higher_rate():
    entry = CATALOG.entry("anthropic", "claude-haiku-5-5")
    short, long = (cost_usd(entry, input_tokens=tokens, output_tokens=1000) for tokens in (100_000, 100_001))
    assert (short, long) == (pytest.approx(0.0105), pytest.approx(0.0525005))


@pytest.mark.parametrize("wrong", [{"cached_tokens": 11}, {"cached_tokens": -1}, {"output_tokens": -1}])
def test_tokens_that_cannot_be_are_refused(wrong):
    tokens = {"input_tokens": 10, "output_tokens": 0, **wrong}
    with pytest.raises(ValueError, match="tokens"):
        cost_usd(CATALOG.entry("openai", "gpt-4.1"), **tokens)


@given(entry=entries, tokens=st.integers(0, 10**6), output=st.integers(0, 10**5), share=st.floats(0, 1))
def test_a_budgets_price_is_never_below_a_days_and_cache_never_adds(entry, tokens, output, share):
    cached = int(tokens * share)
    dearest = cost_usd(entry, input_tokens=tokens, output_tokens=output)
    today = cost_usd(entry, input_tokens=tokens, output_tokens=output, day=DAY)
    if dearest is None:
        assert today is None
        return
    assert dearest >= today >= 0
    assert cost_usd(entry, input_tokens=tokens, output_tokens=output, cached_tokens=cached) <= dearest + 1e-12


# --------------------------------------------------------------------------------------------------------------- plan


@given(entry=entries, edge=st.none() | st.integers(64, 8000), width=st.integers(8, 6000), height=st.integers(8, 6000))
def test_a_plan_never_asks_for_more_pixels_than_the_provider_keeps_of_any_shape(entry, edge, width, height):
    plan = plan_for(entry, max_edge_px=edge, max_images=48)
    across, down = fit(width, height, plan)
    assert max(across, down) <= entry.limits.max_edge_px
    most = entry.family.image.most_px()
    assert most is None or across * down <= most
    assert edge is None or max(across, down) <= edge


@pytest.mark.parametrize("family", ["openai-patches-162", "openai-patches-120", "claude-1568", "claude-2576"])
def test_what_is_sent_is_close_to_what_is_kept(family):
    entry = next(entry for entry in CATALOG.entries if entry.family.name == family)
    sent = fit(2544, 3056, plan_for(entry, max_edge_px=None, max_images=48))
    kept = sent_size(entry.family, *sent)
    assert kept[0] * kept[1] >= 0.93 * sent[0] * sent[1]


def test_the_usual_longest_side_is_1536_and_a_site_may_ask_for_another():
    entry = CATALOG.entry("anthropic", "claude-opus-4-7")
    edges = [plan_for(entry, max_edge_px=edge, max_images=48).max_edge_px for edge in (None, 2048, 5000, 512)]
    assert edges == [1536, 2048, 2576, 512]


def test_pictures_are_lossless_unless_too_heavy_and_come_as_montages_with_presets():
    plan = plan_for(CATALOG.entry("anthropic", "claude-sonnet-4-5"), max_edge_px=None, max_images=12)
    assert plan.media_types == ("image/png", "image/jpeg")
    assert (plan.max_bytes, plan.max_images, plan.windows, plan.montage) == (3_932_160, 12, "presets", True)
    assert isinstance(plan, ViewPlan)
