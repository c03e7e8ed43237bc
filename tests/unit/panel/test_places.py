"""Where findings lie: one place is told once, by overlap or by zone and side."""

import pytest

from wetread.domain.finding import Evidence, Laterality
from wetread.panel import consolidate
from wetread.panel.places import zone_of
from wetread.testing.studies import finding, read

CODE = "wr:consolidation"
UP, DOWN = (0.1, 0.1, 0.3, 0.3), (0.1, 0.6, 0.3, 0.8)


def box(corners, origin="vlm", frame=1):
    return Evidence(file="film.dcm", sop_instance_uid=None, frame=frame, box=corners, origin=origin)


def seen(name, *evidence, location=None, laterality=None):
    return read(finding(CODE, evidence=evidence, location=location, laterality=laterality), name=name)


def joined(*answers):
    (one,) = consolidate(answers, {}).findings
    return one


def test_two_readers_who_name_the_same_zone_mean_one_place():
    one = joined(seen("a", box(UP), location="Right upper lobe"), seen("b", box(DOWN), location="RUL"))
    assert len(one.finding.evidence) == 1
    assert one.places == ("Right upper lobe",)


@pytest.mark.parametrize(
    ("a", "b"), [("right upper lobe", "left upper lobe"), ("left base", "left apex"), (None, None)]
)
def test_other_zones_other_sides_and_none_at_all_stay_two_places(a, b):
    assert len(joined(seen("a", box(UP), location=a), seen("b", box(DOWN), location=b)).finding.evidence) == 2


def test_the_same_zone_on_another_frame_is_another_place():
    one = joined(seen("a", box(UP), location="left base"), seen("b", box(UP, frame=2), location="left base"))
    assert len(one.finding.evidence) == 2


def test_one_reader_s_two_boxes_in_one_zone_are_two():
    assert len(joined(seen("a", box(UP), box(DOWN), location="left base")).finding.evidence) == 2


@pytest.mark.parametrize("first", ["a", "b"])
def test_of_two_boxes_on_one_place_the_closer_one_stays(first):
    other = "b" if first == "a" else "a"
    cell, human = box((0.1, 0.1, 0.4, 0.4), "vlm_grid"), box((0.12, 0.1, 0.4, 0.4), "human")
    assert joined(seen(first, cell), seen(other, human)).finding.evidence == (human,)


def test_every_place_a_reader_named_is_kept():
    one = joined(seen("a", location="left base"), seen("b", location="left apex"))
    assert set(one.places) == {"left base", "left apex"}


@pytest.mark.parametrize(
    ("words", "side", "zone"),
    [
        ("Left lower lobe", None, ("lower", "left")),
        ("LLL", None, ("lower", "left")),
        ("apex", Laterality.RIGHT, ("upper", "right")),
        ("upper lobe and lower lobe", None, ("upper lobe and lower lobe", "")),
        ("retrocardiac", Laterality.LEFT, ("retrocardiac", "left")),
        ("", None, None),
        ("…", None, None),
    ],
)
def test_zone_and_side_of_words(words, side, zone):
    assert zone_of(words, side) == zone


def test_what_the_loudest_reader_leaves_open_comes_from_the_next():
    from wetread.domain.finding import Size

    size = Size(value=12, unit="mm", method="measured")
    loud = read(finding(CODE, "present", 0.9), name="a")
    other = read(finding(CODE, "uncertain", location="left base", size=size, temporal="new"), name="b")
    told = joined(loud, other).finding
    assert (told.location, told.size, told.temporal) == ("left base", size, "new")


def test_a_finding_is_context_dependent_only_where_nobody_saw_it_without():
    marked, plain = finding(CODE, context_dependent=True), finding(CODE)
    assert joined(read(marked, name="a")).finding.context_dependent
    assert not joined(read(marked, name="a"), read(plain, name="b")).finding.context_dependent


def test_a_reader_that_answered_twice_counts_once():
    twice = [read(finding(CODE), name="a", cost_usd=cost) for cost in (0.1, 0.2)]
    denied = read(finding(CODE, "absent"), name="b")
    once = consolidate([twice[0], denied], {"b": 1.5})
    assert consolidate([*twice, denied], {"b": 1.5}).findings == once.findings
    assert consolidate([*twice, denied], {}).readers == ("a", "b")
