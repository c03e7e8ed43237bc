"""A percentage is never taken for a fraction, and true is no confidence."""

import pytest

from wetread.panel import stated_confidence


@pytest.mark.parametrize(("told", "meant"), [("1%", 0.01), ("0.5 %", 0.005), ("85%", 0.85), ("100 %", 1.0)])
def test_a_percent_sign_divides_by_a_hundred(told, meant):
    assert stated_confidence(told) == (pytest.approx(meant), "stated")


@pytest.mark.parametrize("told", [True, False, "101%", "-1%", "nan%"])
def test_what_is_no_confidence_is_an_error(told):
    with pytest.raises(ValueError, match="confidence"):
        stated_confidence(told)
