"""Every calibrator is strictly monotone, so calibration never changes a ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from wetread.readers.calibrator import Calibrator, logit_of, sigmoid

PARSE = TypeAdapter(Calibrator).validate_python
KINDS = [
    {"kind": "temperature", "id": "t", "temperature": 1.7, "offset": -0.4},
    {"kind": "pooled", "id": "p", "temperature": 0.6},
    {"kind": "platt", "id": "l", "slope": 0.8, "intercept": -1.2},
    {"kind": "isotonic", "id": "i", "x": [-2.0, 0.0, 1.5], "y": [0.05, 0.2, 0.9]},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k["kind"])
@given(a=st.floats(-15, 15), b=st.floats(-15, 15))
def test_a_higher_logit_never_gets_a_lower_probability(kind, a, b):
    calibrate = PARSE(kind)
    low, high = sorted((a, b))
    assert 0 <= calibrate(low) <= calibrate(high) <= 1
    if high - low > 1e-3:
        assert calibrate(low) < calibrate(high)


def test_isotonic_goes_through_its_points():
    calibrate = PARSE(KINDS[3])
    assert calibrate(0.0) == pytest.approx(0.2)
    assert calibrate(0.75) == pytest.approx(0.55)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "temperature", "id": "t", "temperature": 0},
        {"kind": "platt", "id": "p", "slope": -1, "intercept": 0},
        {"kind": "isotonic", "id": "i", "x": [0, 1], "y": [0.5, 0.5]},
        {"kind": "isotonic", "id": "i", "x": [0, 1, 2], "y": [0.1, 0.5]},
        {"kind": "guess", "id": "g"},
    ],
)
def test_a_calibrator_that_could_flatten_or_reverse_is_refused(wrong):
    with pytest.raises(ValidationError):
        PARSE(wrong)


@given(p=st.floats(1e-6, 1 - 1e-6))
def test_logit_and_sigmoid_undo_each_other(p):
    assert sigmoid(logit_of(p)) == pytest.approx(p)
