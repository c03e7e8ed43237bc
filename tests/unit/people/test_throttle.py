from datetime import UTC, datetime, timedelta

from wetread.server.throttle import MOST_KEYS, Throttle

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_so_many_times_in_so_many_seconds_and_no_more():
    throttle = Throttle(3, within_s=60)
    assert [throttle.allows("a", now=NOW + timedelta(seconds=n)) for n in range(4)] == [True, True, True, False]


def test_after_the_time_it_is_allowed_again():
    throttle = Throttle(1, within_s=60)
    assert throttle.allows("a", now=NOW)
    assert not throttle.allows("a", now=NOW + timedelta(seconds=59))
    assert throttle.allows("a", now=NOW + timedelta(seconds=60))


def test_keys_do_not_count_for_each_other():
    throttle = Throttle(1, within_s=60)
    assert throttle.allows("a", now=NOW)
    assert throttle.allows("b", now=NOW)


def test_a_clock_that_was_put_back_locks_nobody_out():
    throttle = Throttle(1, within_s=60)
    assert throttle.allows("a", now=NOW)
    assert throttle.allows("a", now=NOW - timedelta(hours=1))


def test_many_strangers_do_not_fill_the_memory():
    throttle = Throttle(1, within_s=60)
    for n in range(MOST_KEYS + 50):
        throttle.allows(str(n), now=NOW)
    assert len(throttle._seen) == MOST_KEYS
