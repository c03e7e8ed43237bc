"""Whatever comes in, the recipes keep their caps, stay inside of their sources and quote nothing."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from wetread.imaging import mr as sequences
from wetread.imaging.ct import _pages
from wetread.imaging.images import shares_of
from wetread.imaging.recipes import recipes
from wetread.imaging.slides import Slide
from wetread.imaging.tissue import tissue_tiles
from wetread.imaging.words import mentions

DECODED = np.zeros((1, 1, 3), np.uint8)


@given(st.lists(st.integers(1, 500), max_size=20), st.integers(1, 60))
def test_frames_of_runs_stay_within_the_budget_and_no_run_is_cut_below_its_least(frames, budget):
    cine = recipes().cine
    shares = shares_of(frames, budget, cine)
    assert len(shares) == len(frames)
    assert sum(shares) <= max(budget, 0)
    assert all(0 <= share <= count for share, count in zip(shares, frames, strict=True)) or budget < cine.fewest
    if frames and budget >= cine.most:
        assert any(shares)
        assert all(s in (0, c) or s >= cine.fewest for s, c in zip(shares, frames, strict=True))


@given(st.integers(1, 60), st.integers(1, 16))
def test_pages_hold_every_slice_once_in_order_and_none_is_too_full(count, cells):
    chosen = [(place, None) for place in range(count)]
    pages = _pages(chosen, cells)
    assert [one for _, _, page in pages for one in page] == chosen
    assert all(1 <= len(page) <= cells for _, _, page in pages)
    assert {pages_ for _, pages_, _ in pages} == {len(pages)}


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(600, 120_000),
    st.integers(600, 120_000),
    st.integers(1, 12),
)
def test_tiles_lie_inside_of_the_slide_within_their_cap_and_count_the_tissue_they_hold(seed, width, height, blobs):
    rng = np.random.default_rng(seed)
    scale = 256 / max(width, height)
    mask = np.zeros((max(1, round(height * scale)), max(1, round(width * scale))), bool)
    for _ in range(blobs):
        y, x = rng.integers(mask.shape[0]), rng.integers(mask.shape[1])
        mask[y : y + rng.integers(1, 40), x : x + rng.integers(1, 40)] = True
    rules = recipes().slide
    found = tissue_tiles(mask, (width, height), rules)
    assert len(found.boxes) <= rules.most_tiles
    assert 0 <= found.coverage <= 1
    for x0, y0, x1, y1 in found.boxes:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


def slide_of(pixels, steps):
    """A slide whose levels are exact block means of `pixels`, read from memory."""
    levels = [
        pixels[: h * s, : w * s].reshape(h, s, w, s, 3).mean((1, 3)).round().astype(np.uint8)
        for s in steps
        for h, w in [(pixels.shape[0] // s, pixels.shape[1] // s)]
    ]
    return Slide(
        origin=SimpleNamespace(),
        instance=SimpleNamespace(),
        levels=tuple((level.shape[1], level.shape[0]) for level in levels),
        read=lambda level, box: levels[level][box[1] : box[3], box[0] : box[2]],
        library="memory",
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_part_of_a_slide_shows_what_is_there_whatever_its_size(data):
    y, x = np.mgrid[:640, :960]
    pixels = np.stack([x * 255 / 960, y * 255 / 640, np.zeros_like(x)], axis=-1).astype(np.uint8)
    slide = slide_of(pixels, (1, 4))
    x0, y0 = data.draw(st.integers(0, 800)), data.draw(st.integers(0, 500))
    x1, y1 = data.draw(st.integers(x0 + 60, 960)), data.draw(st.integers(y0 + 60, 640))
    size = data.draw(st.integers(1, x1 - x0)), data.draw(st.integers(1, y1 - y0))
    found = slide.picture((x0, y0, x1, y1), size).astype(float)
    assert found.shape == (size[1], size[0], 3)
    assert found[..., 0].mean() == pytest.approx((x0 + x1) / 2 * 255 / 960, abs=3)
    assert found[..., 1].mean() == pytest.approx((y0 + y1) / 2 * 255 / 640, abs=3)


@given(st.text(max_size=12), st.text(max_size=40))
def test_nothing_of_a_header_that_is_no_defined_term_gets_into_a_sequences_name(code, free):
    header = Dataset()
    header.ScanningSequence = ["SE", code.replace("\\", "")]
    header.SeriesDescription = free
    original = sequences.header_of
    sequences.header_of = lambda *_: header
    try:
        name = sequences.sequence_of((SimpleNamespace(),), recipes().mr)
    finally:
        sequences.header_of = original
    terms = {term for words in recipes().mr.words.values() for term in words.values()}
    assert set(name.split(", ")) <= terms
    assert name.startswith("spin echo")


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for_words(text):
    assert mentions([text], ("CTA", "ANGIO*")) in (True, False)
    assert mentions([text + " angiography"], ("ANGIO*",))
