from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.settings import CompletenessSettings
from wetread.store.signals import Signals
from wetread.worklist.completeness import decide

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = CompletenessSettings(quiet_s=30, closed_quiet_s=5, expected_quiet_s=1, longest_s=900)


def signals(*, objects=85, open_arrivals=1, expected=None, last_s=60.0):
    return Signals(
        since=SINCE,
        last_at=SINCE + timedelta(seconds=last_s),
        objects=objects,
        distinct=objects,
        open_arrivals=open_arrivals,
        expected=expected,
        expected_by="pacs" if expected is not None else None,
    )


def waits_s(decision, told):
    return (decision.complete_at - told.last_at).total_seconds()


@pytest.mark.parametrize(
    ("told", "quiet_s", "why"),
    [
        (signals(), 30, "its sender is still connected but nothing came for 30 s; 85 objects"),
        (signals(open_arrivals=0), 5, "its sender closed its association and nothing came for 5 s; 85 objects"),
        (signals(expected=85), 1, "all 85 objects that pacs told of are here for 1 s; 85 objects"),
        (signals(expected=90), 30, "85 of the 90 objects that pacs told of are here and nothing came for 30 s"),
        (signals(expected=90, open_arrivals=0), 30, "85 of the 90"),
        (signals(objects=1, open_arrivals=0), 5, "1 object"),
    ],
)
def test_the_strongest_signal_decides_and_is_named(told, quiet_s, why):
    decision = decide(told, SETTINGS)
    assert waits_s(decision, told) == quiet_s
    assert why in decision.why


def test_a_study_that_never_falls_quiet_is_read_after_the_longest_wait():
    told = signals(last_s=899)
    decision = decide(told, SETTINGS)
    assert decision.complete_at == SINCE + timedelta(seconds=900)
    assert "the longest wait of 900 s passed" in decision.why


@given(st.integers(1, 500), st.integers(0, 3), st.none() | st.integers(1, 500), st.floats(0, 2000))
def test_nothing_waits_beyond_the_longest_wait_and_more_objects_never_shorten_what_is_missing(n, senders, want, last_s):
    told = signals(objects=n, open_arrivals=senders, expected=want, last_s=last_s)
    decision = decide(told, SETTINGS)
    assert decision.complete_at <= SINCE + timedelta(seconds=900)
    if want is not None and n < want:
        assert decision.complete_at == min(told.last_at + timedelta(seconds=30), SINCE + timedelta(seconds=900))
