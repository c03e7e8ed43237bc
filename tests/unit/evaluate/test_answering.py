"""Answers that can be used, and answers to the same question asked twice."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from wetread.domain.finding import Presence
from wetread.evaluate.answering import answering, answering_text
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered, Told
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.statistics import resample

CODES = ("wr:pneumothorax", "wr:cardiomegaly")
LABELS = [Label(word=code, codes=(code,)) for code in CODES]
CASES = [Case(case_id=f"c{n}", patient_id=f"p{n}", codes=frozenset()) for n in range(60)]
DRAWS = resample([case.patient_id for case in CASES], draws=200, seed=1)
POLICY = load_evaluation_policy()


def reader(decisions, **more):
    """One answer a case: decisions is (cases, codes)."""
    return {
        case.case_id: Answered(
            case_id=case.case_id,
            reader="one",
            version="1",
            fingerprint="f",
            status="read",
            findings={
                code: Told(presence=Presence.PRESENT if is_so else Presence.ABSENT)
                for code, is_so in zip(CODES, row, strict=True)
            },
            **more,
        )
        for case, row in zip(CASES, decisions, strict=True)
    }


def figures(first, again):
    return answering(CASES, LABELS, first, again, draws=DRAWS, policy=POLICY)


@pytest.fixture
def decisions():
    return np.random.default_rng(3).random((60, 2)) < 0.4


def test_a_reader_that_repeats_itself_agrees_with_itself(decisions):
    told = figures(reader(decisions), reader(decisions))
    assert (told.n_again, told.same.value, told.kappa.value) == (60, 1.0, 1.0)


def test_kappa_is_the_one_that_an_independent_library_prints(decisions):
    flipped = decisions ^ (np.random.default_rng(4).random((60, 2)) < 0.2)
    told = figures(reader(decisions), reader(flipped))
    assert told.kappa.value == pytest.approx(cohen_kappa_score(decisions.ravel(), flipped.ravel()), abs=1e-12)
    assert told.kappa.low < told.kappa.value < told.kappa.high
    assert told.same.value == (decisions == flipped).all(axis=1).mean()


def test_a_reader_that_was_asked_once_has_no_agreement(decisions):
    told = figures(reader(decisions), {})
    assert (told.n_again, told.same.value, told.kappa.value) == (0, None, None)
    assert "again" not in answering_text(told)[0]


def test_two_readers_that_never_see_anything_have_no_kappa():
    nothing = np.zeros((60, 2), dtype=bool)
    told = figures(reader(nothing), reader(nothing))
    assert (told.same.value, told.kappa.value) == (1.0, None)


def test_answers_that_no_read_could_be_made_of_count_against_the_schema_and_silence_does_not(decisions):
    first = reader(decisions)
    for case_id, reason in (("c0", "answer_unusable"), ("c1", "said_nothing"), ("c2", "timeout")):
        first[case_id] = Answered(
            case_id=case_id, reader="one", version="1", fingerprint="f", status="failed", reason=reason
        )
    told = figures(first, {})
    assert (told.valid.value, told.valid.n) == (57 / 59, 59)


def test_a_repaired_answer_follows_the_schema_but_not_at_once(decisions):
    told = figures(reader(decisions, repairs=1), {})
    assert (told.valid.value, told.at_once.value) == (1.0, 0.0)
