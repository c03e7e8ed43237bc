"""A failed call is tried again where that is worth it, and never earlier than was asked for."""

import pytest

from wetread.domain.read import Trace
from wetread.errors import AnswerUnusable, BudgetSpent, KeyRejected, RateLimited, ReaderUnavailable, TimedOut
from wetread.readers.wrappers import Retried, retrying


class Attempts:
    def __init__(self, time, *problems):
        self.time, self.problems, self.at = time, list(problems), []

    async def __call__(self):
        self.at.append(self.time.monotonic())
        if self.problems:
            raise self.problems.pop(0)
        return "answer"


@pytest.mark.parametrize("asked_s", [0.1, 7.0, 59.9])
def test_a_wait_that_was_asked_for_is_kept_to_the_moment(time, run, asked_s):
    attempts = Attempts(time, RateLimited("429", retry_after_s=asked_s))
    outcome = run(retrying(attempts, retries=3, time=time))
    assert (outcome.value, outcome.attempts) == ("answer", 2)
    assert attempts.at == [0.0, asked_s]


def test_a_wait_longer_than_the_longest_gives_up_at_once(time, run):
    attempts = Attempts(time, RateLimited("come back tomorrow", retry_after_s=60.1))
    with pytest.raises(RateLimited, match="tomorrow"):
        run(retrying(attempts, retries=3, time=time))
    assert attempts.at == [0.0]


def test_without_a_wait_it_backs_off_twice_as_long_each_time(time, run):
    attempts = Attempts(time, *(ReaderUnavailable("500") for _ in range(4)))
    run(retrying(attempts, retries=4, time=time, jitter=lambda: 1.0))
    assert attempts.at == [0.0, 0.5, 1.5, 3.5, 7.5]


@pytest.mark.parametrize("asked_s", [0.0, -1.0, float("nan"), None])
def test_a_wait_that_is_none_is_backed_off_from(time, run, asked_s):
    attempts = Attempts(time, ReaderUnavailable("500", retry_after_s=asked_s))
    run(retrying(attempts, retries=1, time=time, jitter=lambda: 0.5))
    assert attempts.at == [0.0, 0.25]


def test_the_jitter_spreads_over_the_whole_wait(time, run):
    waits = []
    for _ in range(200):
        attempts = Attempts(time, ReaderUnavailable("500"))
        run(retrying(attempts, retries=1, time=time))
        waits.append(attempts.at[1] - attempts.at[0])
    assert min(waits) < 0.1
    assert 0.4 < max(waits) <= 0.5 + 1e-9


def test_a_backoff_is_never_longer_than_the_longest_wait_asks_for(time, run):
    attempts = Attempts(time, *(ReaderUnavailable("500") for _ in range(10)))
    run(retrying(attempts, retries=10, time=time, jitter=lambda: 1.0))
    assert max(b - a for a, b in zip(attempts.at, attempts.at[1:], strict=False)) <= 60.0


def test_after_the_last_retry_the_last_error_is_raised(time, run):
    attempts = Attempts(time, *(ReaderUnavailable(f"try {number}") for number in range(1, 9)))
    with pytest.raises(ReaderUnavailable, match="try 4"):
        run(retrying(attempts, retries=3, time=time))
    assert len(attempts.at) == 4


@pytest.mark.parametrize(
    "problem", [KeyRejected("401"), BudgetSpent("none"), AnswerUnusable("prose"), ValueError("bug")]
)
def test_what_is_not_worth_it_is_not_tried_again(time, run, problem):
    attempts = Attempts(time, problem)
    with pytest.raises(type(problem)):
        run(retrying(attempts, retries=3, time=time))
    assert len(attempts.at) == 1


def test_a_retried_reader_counts_its_attempts_in_the_trace(time, run, steps, film, fine):
    reader = steps(TimedOut("slow"), ReaderUnavailable("500"), fine(trace=Trace(attempts=2, form="tool")))
    read = run(Retried(reader, retries=3, time=time).read(film()))
    assert (read.trace.attempts, read.trace.form) == (4, "tool")


def test_a_reader_that_answers_at_once_is_passed_unchanged(time, run, steps, film, fine):
    answer = fine()
    assert run(Retried(steps(answer), retries=3, time=time).read(film())) is answer
