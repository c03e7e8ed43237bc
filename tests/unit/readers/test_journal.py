"""Calls of a read that begins anew, through the real limits and retries; only the endpoint is scripted."""

import asyncio

import pytest

from wetread.errors import ReaderUnavailable
from wetread.ports import Estimate
from wetread.readers.vision.calls import Forms, Line, Took, answer
from wetread.readers.vision.journal import call_key, fencing_word, scope, understood, written
from wetread.readers.vision.question import Form, Picture, Question, Reply
from wetread.readers.wrappers import SYSTEM_TIME, Turnstile

QUESTION = Question(
    system="look", pictures=(Picture(data=b"p", media_type="image/png", width=1, height=1),), text="what", schema=None
)


class Kept:
    def __init__(self):
        self.bodies = {}

    async def recall(self, key):
        return self.bodies.get(key)

    async def record(self, key, body):
        self.bodies[key] = body


class Endpoint:
    def __init__(self, *answers):
        self.asked, self._answers = 0, list(answers)

    async def ask(self, question, form):
        self.asked += 1
        given = self._answers.pop(0) if self._answers else f"answer {self.asked}"
        if isinstance(given, Exception):
            raise given
        return Reply(
            text=given, form=form, answered_by="m", cut_off=False, input_tokens=10, output_tokens=5, cached_tokens=0
        )


def line_to(endpoint, journal, who="reader"):
    return Line(
        client=endpoint,
        turnstile=Turnstile(concurrency=2),
        time=SYSTEM_TIME,
        retries=0,
        estimate=lambda _: Estimate(input_tokens=1, output_tokens=1, cost_usd=0.01),
        price=lambda _: 0.25,
        forms=Forms((Form.TEXT,)),
        who=who,
        journal=journal,
    )


class Said:
    form = "json"

    def __init__(self, text):
        self.text = text


def ask(line, question=QUESTION):
    took = Took()
    return asyncio.run(answer(line, question, Said, Said, took=took)).text, took


def test_a_finished_call_is_not_made_again_and_its_cost_is_told_all_the_same():
    endpoint, kept = Endpoint(), Kept()
    line = line_to(endpoint, kept)
    with scope("study:1", "secret"):
        first, paid = ask(line)
    with scope("study:1", "secret"):
        again, told = ask(line)
    assert (first, again, endpoint.asked) == ("answer 1", "answer 1", 1)
    assert (paid.cost_usd, told.cost_usd, told.calls) == (0.25, 0.25, 1)


def test_a_repeated_question_is_another_call_and_each_is_known_again():
    endpoint, kept = Endpoint(), Kept()
    line = line_to(endpoint, kept)
    for _ in range(2):
        with scope("study:1", "secret"):
            assert [ask(line)[0] for _ in range(3)] == ["answer 1", "answer 2", "answer 3"]
    assert endpoint.asked == 3


def test_a_call_that_failed_is_made_again():
    endpoint, kept = Endpoint(ReaderUnavailable("gone")), Kept()
    line = line_to(endpoint, kept)
    with scope("study:1", "secret"), pytest.raises(ReaderUnavailable):
        ask(line)
    with scope("study:1", "secret"):
        assert ask(line)[0] == "answer 2"


@pytest.mark.parametrize("other", ["study:2", "reader", "form", "text"])
def test_another_study_reader_form_or_question_is_another_call(other):
    from dataclasses import replace

    with scope("study:1", "secret"):
        known = call_key("reader", QUESTION, Form.TEXT)
    with scope("study:2" if other == "study:2" else "study:1", "secret"):
        question = replace(QUESTION, text="else") if other == "text" else QUESTION
        form = Form.TOOL if other == "form" else Form.TEXT
        assert call_key("another" if other == "reader" else "reader", question, form) != known


def test_the_fencing_word_is_the_same_again_and_nobody_foretells_it():
    def words(secret):
        with scope("study:1", secret):
            return [fencing_word("reader", "picture"), fencing_word("reader", "picture"), fencing_word("reader", "b")]

    assert words("one") == words("one")
    assert len(set(words("one"))) == 3
    assert not set(words("one")) & set(words("two"))


def test_outside_a_scope_nothing_is_kept():
    endpoint, kept = Endpoint(), Kept()
    assert [ask(line_to(endpoint, kept))[0] for _ in range(2)] == ["answer 1", "answer 2"]
    assert kept.bodies == {}
    assert fencing_word("reader") is None


def test_a_reply_is_kept_exactly():
    reply = Reply(
        text="ü", form=Form.TOOL, answered_by=None, cut_off=True, input_tokens=None, output_tokens=1, cached_tokens=0
    )
    assert understood(written(reply)) == reply
