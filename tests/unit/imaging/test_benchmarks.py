"""The benchmark's rows say truthfully whether a target is met."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from benchmarks import ratio, run


@pytest.mark.parametrize(("value", "met"), [(7.9, False), (8.0, True)])
def test_a_target_is_met_or_not(value, met):
    assert ratio.at_least("x", value, 8.0, "x a peer").met is met
    assert ratio.at_most("x", 1 / value, 1 / 8.0, "x a peer").met is met


def test_the_table_marks_what_missed_its_target():
    rows = [ratio.at_least("slow thing", 1.0, 2.0, "x a peer"), ratio.stated("a fact", 3.0, "x a peer")]
    lines = run.table(rows).splitlines()
    assert "NO" in lines[1]
    assert "NO" not in lines[2]
