"""Chance decides at completion who reads first: keyed, once, and only where AI is asked."""

import itertools
from types import SimpleNamespace

import pytest

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.settings import Settings
from wetread.store.tables import studies
from wetread.testing.clock import TurnableClock
from wetread.worklist.blinding import arm_of, is_drawn
from wetread.worklist.completing import complete_due
from wetread.worklist.house import House as Bench
from wetread.worklist.house import Policies
from wetread.worklist.rules import Site, load_rules

IDS = [f"{number:032x}" for number in range(20_000)]
HOLD = '[[rule]]\nname = "all"\nwhen = {}\nhold = true\n'


def test_the_share_that_is_drawn_is_the_share_that_was_asked_for():
    drawn = sum(is_drawn(one, "key", 0.05) for one in IDS)
    assert 880 <= drawn <= 1120  # 1000 expected, 31 a standard deviation
    assert not any(is_drawn(one, "key", 0.0) for one in IDS)
    assert all(is_drawn(one, "key", 1.0) for one in IDS)


def test_without_the_key_the_draw_can_not_be_told_and_with_it_it_never_changes():
    first = [is_drawn(one, "key", 0.5) for one in IDS]
    assert first == [is_drawn(one, "key", 0.5) for one in IDS]
    same = sum(a == is_drawn(one, "other", 0.5) for a, one in zip(first, IDS, strict=True))
    assert 9_500 <= same <= 10_500  # another key draws anew


def test_a_larger_share_only_adds_studies():
    small, large = ({one for one in IDS if is_drawn(one, "key", share)} for share in (0.05, 0.2))
    assert small < large


@pytest.fixture
def bench(database, tmp_path):
    """What a worker completes studies with; no reader is asked here."""

    def make(share, rules=None):
        path = tmp_path / "rules.toml"
        path.write_text(rules or "")
        site = Site(default_readers=("embedded",), destinations=())
        return Bench(
            settings=Settings(service={"blinded_share": share}),
            database=database,
            blobs=None,
            clock=TurnableClock(),
            policies=Policies(urgency=load_policy(None), waiting=load_worklist_policy(None)),
            rules=lambda: load_rules(path, site),
            desk_of=None,
            knowing=None,
        )

    return make


def arm(bench, study_id):
    from sqlalchemy import select

    with bench.database.read() as connection:
        return connection.execute(select(studies.c.blinded).where(studies.c.study_id == study_id)).scalar_one()


def come(bench, numbers):
    """Films that come and fall quiet; their ids."""
    from api_house import House

    door = SimpleNamespace(database=bench.database, now=bench.now())
    ids = [House.film(door, number) for number in numbers]
    bench.clock.turn(minutes=20)
    return ids


def test_every_study_that_ai_is_asked_about_gets_its_arm_at_completion(bench):
    house = bench(0.5)
    ids = come(house, range(12))
    assert complete_due(house) == 12
    arms = [arm(house, one) for one in ids]
    assert set(arms) == {True, False}


def test_a_late_image_never_moves_a_study_to_the_other_arm(bench):
    house = bench(1.0)
    (study_id,) = come(house, [1])
    complete_due(house)
    again = bench(0.0)
    assert arm_of(again, {"study_id": study_id, "blinded": arm(house, study_id)}, asks_ai=True) is True


def test_no_arm_is_drawn_without_a_share_and_none_where_a_human_reads_alone(bench):
    house = bench(0.0)
    (first,) = come(house, [1])
    assert complete_due(house) == 1
    held = bench(1.0, HOLD)
    held.clock.turn(minutes=20)
    (second,) = come(held, [2])
    assert complete_due(held) == 1
    assert (arm(house, first), arm(held, second)) == (None, None)


def test_the_key_is_one_for_all_workers(bench):
    one, two = bench(0.5), bench(0.5)
    rows = [{"study_id": name, "blinded": None} for name in itertools.islice(IDS, 50)]
    assert [arm_of(one, row, asks_ai=True) for row in rows] == [arm_of(two, row, asks_ai=True) for row in rows]
