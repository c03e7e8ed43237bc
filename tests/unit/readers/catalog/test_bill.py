"""A study's bill: passes, calls, contexts, the summing-up call, and the assumptions behind it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.errors import ConfigurationError
from wetread.readers.catalog import Asked, Sized, bill_of, load_catalog, load_workload, only, plan_for

DAY = date(2026, 11, 21)
CATALOG, WORK = load_catalog(), load_workload()
FILM, TEXT = (1536, 1536), 1500


def asked(model_id="gpt-4.1", provider="openai", **more):
    entry = CATALOG.entry(provider, model_id)
    known = {
        "reader": None, "entry": entry, "plan": plan_for(entry, max_edge_px=None, max_images=48), "passes": 1,
        "answer_tokens": 900, "max_output_tokens": 4096, "images_per_call": None, "consistency_runs": 1,
        "synthesis": True,
    }  # fmt: skip
    return Asked(**{**known, **more})


def bill(pictures, clinical=0, **more):
    study = Sized(pictures=(FILM,) * pictures, share=1, text_tokens=TEXT, clinical_tokens=clinical)
    return bill_of(asked(**more), study, day=DAY)


def test_one_film_in_one_pass_is_one_call():
    found = bill(1)
    assert (found.calls, found.input_tokens, found.output_tokens) == (1, 2265, 900)
    assert found.usd == pytest.approx(0.01173)
    assert found.most_usd == pytest.approx((2265 * 2 + 4096 * 8) / 1e6)


def test_a_second_pass_shows_the_pictures_again_with_the_clinical_text():
    found = bill(1, clinical=100, passes=2)
    assert (found.calls, found.input_tokens) == (2, 765 * 2 + TEXT + (TEXT + 100 + 900))


def test_where_nothing_is_known_of_the_patient_no_second_pass_is_paid():
    assert bill(1, passes=2) == bill(1, passes=1, clinical=100) == bill(1)


def test_a_study_of_several_calls_is_summed_up_by_one_more():
    found = bill(12, images_per_call=5)
    assert (found.calls, found.input_tokens) == (4, 12 * 765 + 3 * TEXT + TEXT + 3 * 900)
    assert bill(12, images_per_call=5, synthesis=False).calls == 3


def test_consistency_runs_raise_only_what_it_costs_at_most():
    once, thrice = bill(1), bill(1, consistency_runs=3)
    assert (thrice.usd, thrice.most_usd) == (once.usd, pytest.approx(3 * once.most_usd))


def test_a_small_context_takes_more_calls_and_one_that_is_too_small_is_told():
    entry = CATALOG.entry("openai-compatible", "unheard-of")
    small = asked("unheard-of", "openai-compatible")
    found = bill_of(small, Sized(pictures=(FILM,) * 40, share=1, text_tokens=TEXT), day=DAY)
    assert found.fits
    assert found.calls == 6  # eight pictures of 3,025 tokens and the sum
    tiny = replace(small, entry=replace(entry, limits=replace(entry.limits, context_tokens=5000)))
    assert not bill_of(tiny, Sized(pictures=(FILM,), share=1, text_tokens=TEXT), day=DAY).fits


def test_an_unknown_price_stays_unknown_through_the_whole_bill():
    found = bill(3, model_id="medgemma", provider="openai-compatible", clinical=9, passes=2, images_per_call=1)
    assert (found.usd, found.most_usd, found.calls) == (None, None, 7)


@given(pictures=st.integers(1, 60), most=st.integers(1, 60), passes=st.integers(1, 2))
def test_every_picture_is_shown_in_every_pass_whatever_the_calls(pictures, most, passes):
    found = bill(pictures, clinical=100, images_per_call=most, passes=passes, synthesis=False)
    texts = (TEXT if passes == 1 else 2 * TEXT + 1000) * found.calls // passes
    assert found.input_tokens == passes * pictures * 765 + texts
    assert found.usd <= found.most_usd


# ----------------------------------------------------------------------------------------------------------- workload


def test_the_shipped_mix_says_that_it_is_an_assumption():
    assert "assumption" in WORK.source
    assert [(one.modality, one.pictures) for one in WORK.examination] == [("DX", 1), ("CT", 12)]


def test_one_modality_can_be_picked_from_the_mix():
    assert [one.name for one in only(WORK, modality="ct").examination] == [WORK.examination[1].name]
    with pytest.raises(ConfigurationError, match=r"no examination of modality 'US'; there are CT, DX"):
        only(WORK, modality="US")


MIX = """
version = "1"
source = "our list"
studies_per_day = 3
days_per_year = 250
passes = 1
clinical_tokens = 20
examination = [{ name = "hand", modality = "DX", share = 1, pictures = 2, width_px = 900, height_px = 700 }]
"""


def test_a_sites_mix_replaces_the_shipped_one(tmp_path):
    (tmp_path / "mix.toml").write_text(MIX)
    assert load_workload(tmp_path / "mix.toml").examination[0].pictures == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("passes = 1", "passes = 3", "passes"),
        ("share = 1", "share = 0", "examination.0.share"),
        ("pictures = 2", "pictures = 0", "examination.0.pictures"),
        ("days_per_year = 250", "days_per_year = nan", "days_per_year"),
        ("version", "colour", "colour|version"),
        ("= 20", "20", "not valid TOML"),
        ("= 20", "= -1", "clinical_tokens"),
        ("[{ name", "[] #", "examination"),
    ],
)
def test_a_wrong_mix_is_refused_by_file_and_key(tmp_path, old, new, told):
    path = tmp_path / "mix.toml"
    path.write_text(MIX.replace(old, new))
    with pytest.raises(ConfigurationError, match=rf"mix\.toml.*({told})"):
        load_workload(path)
