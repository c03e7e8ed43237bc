"""A wrong state can't be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.domain.finding import Evidence, Finding, Presence
from wetread.domain.read import Read
from wetread.domain.urgency import Priority
from wetread.domain.view import Mapping
from wetread.testing.clock import TurnableClock
from wetread.testing.studies import identity


@pytest.mark.parametrize("value", [-0.1, 1.4, float("nan")])
def test_a_probability_outside_0_to_1_raises_where_it_is_built(value):
    with pytest.raises(ValueError, match="probability"):
        Finding(code="wr:x", presence=Presence.PRESENT, probability=value)
    with pytest.raises(ValueError, match="abnormal_probability"):
        Read(reader=identity(), findings=(), abnormal_probability=value)


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0, 0, 1.1, 1), (0.9, 0, 0.1, 1), (-0.1, 0, 1, 1)])
def test_a_box_outside_the_picture_raises(box):
    with pytest.raises(ValueError, match="box"):
        Evidence(file="f", sop_instance_uid=None, frame=1, box=box, origin="vlm")


def test_a_code_outside_the_vocabulary_s_form_raises():
    with pytest.raises(ValueError, match="wr:"):
        Finding(code="pneumonia", presence=Presence.PRESENT)


def test_unread_ranks_with_p2():
    assert sorted(Priority, key=lambda p: (p.rank, p.value))[:3] == [Priority.P1, Priority.P2, Priority.UNREAD]


positive = st.floats(0.01, 50)


@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), sx=positive, sy=positive, ox=st.floats(-1e3, 1e3))
def test_to_source_and_to_view_undo_each_other(x, y, sx, sy, ox):
    mapping = Mapping(scale_x=sx, scale_y=sy, offset_x=ox, offset_y=-ox)
    assert mapping.to_view(*mapping.to_source(x, y)) == (pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6))


def test_a_clock_turns():
    clock = TurnableClock()
    before = clock.now()
    clock.turn(minutes=5)
    assert (clock.now() - before).total_seconds() == 300
