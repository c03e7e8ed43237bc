"""The numbers of `clinical/evaluation.toml`: every one is there, and makes sense."""

import pytest

from wetread.domain.clinical_data import shipped
from wetread.errors import ClinicalDataInvalid
from wetread.evaluate.policy import load_evaluation_policy


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("negatives = 10", ""), "least.negatives"),
        (("negatives = 10", "negatives = 10\nhope = 1"), "least.hope"),
        (('rule = "youden"', 'rule = "luck"'), "operating_point.rule"),
        (("alpha = 0.1", "alpha = 1.0"), "conformal"),
        (("draws = 2000", 'draws = "2000"'), "intervals.draws"),
        (("[frontier]", "[frontier"), "not valid TOML"),
        (('date = "2026-11-21"', "date = 2026-11-21"), "date"),
    ],
)
def test_a_policy_that_lacks_something_or_says_more_is_refused_by_its_key(change, told):
    text = shipped("evaluation.toml")
    assert change[0] in text
    with pytest.raises(ClinicalDataInvalid, match=r"evaluation\.toml") as refused:
        load_evaluation_policy(text.replace(*change, 1))
    assert told in str(refused.value)


def test_the_richest_map_is_fitted_that_so_many_positives_carry():
    maps = load_evaluation_policy().calibration
    assert [maps.map_for(n) for n in (19, 20, 49, 50, 199, 200)] == [
        None, "temperature", "temperature", "platt", "platt", "isotonic",
    ]  # fmt: skip
    assert maps.fewest == 20
