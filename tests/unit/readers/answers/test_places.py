"""Boxes and grid cells of a sent picture, on the source."""

import pytest
from asked import CHEST, PNEUMOTHORAX, answer, finding, montage, view

from wetread.domain.finding import Presence
from wetread.domain.view import Mapping
from wetread.readers.answers import understand


def place(views=(), **facts):
    got = understand(answer(finding(**facts)), CHEST, views or (view(),))
    (found,) = [f for f in got.findings if f.code == PNEUMOTHORAX]
    assert found.presence is Presence.PRESENT
    return [(e.file, e.origin, tuple(round(x, 4) for x in e.box)) for e in found.evidence]


def test_a_box_counts_in_thousandths_of_the_picture():
    assert place(box=[100, 200, 300, 400], image=1) == [("film.dcm", "vlm", (0.1, 0.2, 0.3, 0.4))]


def test_a_box_on_a_tile_maps_to_the_whole_source():
    tile = view(mapping=Mapping(scale_x=1, scale_y=1, offset_x=100, offset_y=200))
    assert place((tile,), box=[0, 0, 500, 500]) == [("film.dcm", "vlm", (0.5, 0.5, 0.75, 0.75))]


def test_a_grid_cell_is_an_approximate_box():
    assert place(grid="C1") == [("film.dcm", "vlm_grid", (0.25, 0.0, 0.375, 0.125))]


def test_a_box_stands_before_its_grid_cell_and_against_another_it_falls():
    assert [p[1] for p in place(grid="A1", box=[0, 0, 120, 120])] == ["vlm"]
    assert place(grid="H8", box=[0, 0, 120, 120]) == [("film.dcm", "vlm_grid", (0.875, 0.875, 1.0, 1.0))]


BAD = [
    [300, 200, 100, 400],
    [0, 0, 0, 0],
    [1, 2, 3],
    [0, 0, 1001, 5],
    [-1, 0, 5, 5],
    ["a", 0, 1, 2],
    "box",
    {"x0": 1},
    [None] * 4,
    [float("nan"), 0, 5, 5],
    [True, False, True, True],
]


@pytest.mark.parametrize("box", BAD, ids=str)
def test_a_bad_box_is_dropped_and_the_finding_stays(box):
    assert place(box=box) == []


@pytest.mark.parametrize("grid", ["none", "", "I1", "A9", "A10", 7, None, "AA"])
def test_a_bad_grid_cell_is_dropped_and_the_finding_stays(grid):
    assert place(grid=grid) == []


@pytest.mark.parametrize("image", [0, 3, -1, 1.5, "two", True, 1e300])
def test_a_picture_that_was_not_sent_gives_no_place(image):
    assert place((view(), view()), grid="A1", image=image) == []


def test_where_several_pictures_were_sent_a_place_names_its_own():
    assert place((view(), view()), grid="A1") == []
    assert len(place((view(), view()), grid="A1", image=2)) == 1


def test_a_box_in_a_montage_belongs_to_the_slice_under_its_centre():
    assert place((montage(),), box=[600, 100, 700, 500]) == [("1.dcm", "vlm", (0.12, 0.1, 0.34, 0.5))]


def test_a_box_across_the_border_of_two_slices_is_clipped_or_dropped():
    assert place((montage(),), box=[300, 0, 500, 500]) == [("0.dcm", "vlm", (0.66, 0.0, 1.0, 0.5))]
    assert place((montage(),), box=[100, 0, 900, 500]) == []


def test_a_box_that_lies_mostly_outside_its_slice_is_dropped():
    assert place((montage(height=200),), box=[50, 0, 850, 950]) == []


def test_a_box_in_the_gap_of_a_montage_is_dropped():
    assert place((montage(),), box=[470, 0, 530, 100]) == []
