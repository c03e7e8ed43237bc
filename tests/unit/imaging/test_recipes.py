"""The recipes' data: complete, within the caps, and refused when malformed."""

from importlib.resources import files

import pytest

from wetread.domain.study import Series, Study
from wetread.domain.view import ViewPlan
from wetread.errors import ClinicalDataInvalid, ConfigurationError
from wetread.imaging import prepare, prepare_instance
from wetread.imaging.images import shares_of
from wetread.imaging.recipes import parse, recipes, within
from wetread.imaging.words import mentions, slices
from wetread.testing import phantoms

TEXT = files("wetread").joinpath("clinical/recipes.toml").read_text(encoding="utf-8")
WINDOWS = {
    "head": {(40, 80), (75, 215), (600, 2800), (35, 40)},
    "chest": {(-600, 1500), (40, 400), (400, 1800), (100, 700)},
    "abdomen": {(50, 400), (60, 160), (-600, 1500)},
}


@pytest.mark.parametrize(("region", "windows"), WINDOWS.items())
def test_each_region_is_shown_under_the_windows_of_the_clinical_design(region, windows):
    found = recipes().ct.montages(region, angiographic=True)
    assert {(m.window.center, m.window.width) for m in found} == windows


def test_the_pulmonary_arteries_have_their_window_only_where_an_angiography_is_indicated():
    ct = recipes().ct
    names = [m.window.explanation for m in ct.montages("chest", angiographic=False)]
    assert "pulmonary arteries" not in names
    assert names[0] == "lung"


def test_every_region_stays_within_the_cap_of_tiles_and_an_unknown_one_gets_a_wide_look():
    ct = recipes().ct
    assert 24 <= ct.most_tiles <= 48
    for region in {m.region for m in ct.montage}:
        assert sum(m.tiles for m in ct.montages(region, angiographic=True)) + ct.key_slices <= ct.most_tiles
    assert ct.montages("tail", angiographic=False) == ct.montages("unknown", angiographic=False)


def test_the_data_name_their_reference_date_and_that_nobody_signed_them():
    found = recipes()
    assert found.reference
    assert found.date
    assert found.signed_off_by is None
    assert recipes().breast.edge_px >= 2000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[skin]", "[skim]"),
        ("most_tiles = 48 ", "most_tiles = 24 "),
        ('preset = "head/brain"', 'preset = "head/brian"'),
        ('when = "angiographic"', 'when = "full moon"'),
        ("fewest = 6", "fewest = 60"),
        ("fewest = 6", "fewest = 0"),
        ("[mr]", "[mr]\nunheard_of = 1"),
        ('region = "unknown"', 'region = "elsewhere"'),
        ("version =", "version"),
    ],
)
def test_malformed_recipes_are_refused_with_their_file_named(old, new):
    assert old in TEXT
    with pytest.raises(ClinicalDataInvalid, match=r"recipes\.toml"):
        parse(TEXT.replace(old, new))


@pytest.mark.parametrize(("edge", "found"), [(None, 1536), (800, 800), (4000, 1536)])
def test_the_smaller_of_plan_and_recipe_sets_the_size(edge, found):
    assert within(ViewPlan(max_edge_px=edge), 1536) == found


def test_a_recipe_that_does_not_exist_is_an_error_that_names_those_that_do(stored):
    with pytest.raises(ConfigurationError, match="plain and clinical"):
        prepare_instance(stored(phantoms.chest_like()), ViewPlan(recipe="grill"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CTPA thin", True),
        ("CT-PA PE Protocol 1mm", True),
        ("CT Angiography", True),
        ("CTABDOMEN", False),
        ("PECTUS", False),
    ],
)
def test_words_are_found_whole_and_with_any_ending_where_a_star_says_so(text, found):
    assert mentions([text], recipes().ct.angiographic) is found


def test_a_label_says_which_slices_are_shown():
    assert slices((0, 10, 20), 24) == "3 of 24 slices, key slices 10 apart: 1, 11, 21"
    assert slices((0, 1), 2) == "all 2 slices"


@pytest.mark.parametrize(
    ("frames", "budget", "shares"),
    [
        ([100], 48, [12]),
        ([100, 1, 30], 48, [12, 1, 12]),
        ([100] * 6, 48, [8] * 6),
        ([100] * 4, 12, [6, 0, 0, 6]),
        ([100, 100], 4, [0, 4]),
        ([], 4, []),
    ],
)
def test_a_run_is_shown_in_six_to_twelve_frames_or_not_at_all(frames, budget, shares):
    assert shares_of(frames, budget, recipes().cine) == shares


def test_a_series_without_images_gives_nothing(tmp_path):
    empty = Series(series_uid="1", modality="CT", body_part=None, instances=())
    found = prepare(Study(ref="s", study_uid="1", series=(empty,)), ViewPlan(recipe="clinical"))
    assert (found.views, found.limitations, found.failures) == ((), (), ())
