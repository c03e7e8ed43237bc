"""A panel is asked and joined: nobody takes the others along, and nothing anyone found is lost."""

import asyncio

import pytest

from wetread.domain.finding import Evidence, Finding, Laterality, Presence
from wetread.domain.order import Order
from wetread.domain.read import Abstention, Read, ReaderIdentity, ReadRequest
from wetread.errors import FileUnreadable, NobodyRead, ReaderRefused, ReaderUnavailable
from wetread.panel import consolidate, convene
from wetread.testing.readers import ScriptedReader

CODE = "wr:pneumothorax"


def identity(name):
    return ReaderIdentity(name=name, version="1", fingerprint="f")


def read(name, presence="present", **facts):
    return Read(reader=identity(name), findings=(Finding(code=CODE, presence=Presence(presence), **facts),))


def box(*corners, file="a.dcm", frame=1):
    return Evidence(file=file, sop_instance_uid="1.2", frame=frame, box=corners, origin="cam")


class Broken:
    name = "broken"

    async def read(self, _request):
        raise ZeroDivisionError("secret of the patient")


class Unreadable:
    name = "unreadable"

    async def read(self, _request):
        raise FileUnreadable("a.dcm", "broken")


class Slow:
    name = "slow"

    async def read(self, _request):
        await asyncio.sleep(60)


def ask(*readers, timeout_s=5.0):
    request = ReadRequest(study_ref="st-1", views=(), order=Order())
    return asyncio.run(convene(readers, lambda _: request, timeout_s=timeout_s))


def test_answers_come_in_the_order_of_the_readers_and_failures_stay_alone():
    refused = ScriptedReader("refused", ReaderRefused("modality CT"))
    away = ScriptedReader("away", ReaderUnavailable("no line"))
    answers = ask(Slow(), refused, ScriptedReader("fine"), Broken(), away, timeout_s=0.05)
    assert [answer.reader.name for answer in answers] == ["slow", "refused", "fine", "broken", "away"]
    assert [getattr(answer, "failed", None) for answer in answers] == [True, False, None, True, True]


def test_a_refusal_s_words_are_the_reason():
    (answer,) = ask(ScriptedReader("r", ReaderRefused("modality CT")))
    assert answer.reason == "modality CT"


def test_a_bug_s_words_may_hold_a_patient_and_are_not_repeated():
    (answer,) = ask(Broken())
    assert "secret" not in answer.reason
    assert "ZeroDivisionError" in answer.reason


def test_any_deliberate_error_is_an_abstention():
    (answer,) = ask(Unreadable())
    assert isinstance(answer, Abstention)
    assert answer.failed


def test_nobody_read_is_an_error_and_no_empty_consensus():
    with pytest.raises(NobodyRead):
        consolidate([Abstention(reader=identity("a"), reason="no")], {})
    with pytest.raises(NobodyRead):
        consolidate([], {})


def test_one_reader_passes_unchanged():
    consensus = consolidate([read("a", probability=0.37, calibrator_id="c")], {})
    (joined,) = consensus.findings
    assert (joined.finding.probability, joined.finding.calibrator_id) == (0.37, "c")
    assert consensus.weighting == "single reader"
    assert consensus.agreement is None


def test_several_are_labelled_as_unweighted_by_evidence():
    assert "unweighted by evidence" in consolidate([read("a"), read("b")], {"a": 2.0}).weighting


def test_the_mean_of_two_is_taken_on_log_odds_and_is_no_calibrated_percentage():
    answers = [read("a", probability=0.9, calibrator_id="c"), read("b", probability=0.1, calibrator_id="d")]
    (joined,) = consolidate(answers, {}).findings
    assert joined.finding.probability == pytest.approx(0.5)
    assert "/pooled/" in joined.finding.calibrator_id


def test_silence_is_no_zero():
    answers = [read("a", probability=0.9, calibrator_id="c"), Read(reader=identity("b"), findings=())]
    (joined,) = consolidate(answers, {}).findings
    assert joined.finding.probability == 0.9
    assert joined.absent_by == ()


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (("present", "absent", "absent"), "uncertain"), (("present", "present", "absent"), "present"),
        (("present", "absent"), "present"), (("uncertain", "absent", "absent"), "uncertain"),
        (("absent", "absent"), "absent"), (("not_assessable", "not_assessable"), "not_assessable"),
    ],
)  # fmt: skip
def test_a_majority_makes_a_finding_uncertain_but_never_absent(said, stands):
    (joined,) = consolidate([read(name, presence) for name, presence in zip("abc", said, strict=False)], {}).findings
    assert joined.finding.presence is Presence(stands)


def test_votes_shift_the_balance_but_never_to_absent():
    (joined,) = consolidate([read("a"), read("b", "absent")], {"b": 99.0}).findings
    assert joined.finding.presence is Presence.UNCERTAIN


def test_sides_are_kept_apart():
    answers = [read("a", laterality=Laterality.LEFT), read("b", laterality=Laterality.RIGHT)]
    assert {joined.finding.laterality for joined in consolidate(answers, {}).findings} == {"left", "right"}


@pytest.mark.parametrize(
    ("other", "places"),
    [
        (box(0.1, 0.1, 0.5, 0.5), 1), (box(0.1, 0.1, 0.5, 0.4), 1), (box(0.5, 0.5, 0.9, 0.9), 2),
        (box(0.1, 0.1, 0.5, 0.5, frame=2), 2), (box(0.1, 0.1, 0.5, 0.5, file="b.dcm"), 2),
    ],
)  # fmt: skip
def test_boxes_on_one_place_of_one_frame_are_one(other, places):
    answers = [read("a", evidence=(box(0.1, 0.1, 0.5, 0.5),)), read("b", evidence=(other,))]
    (joined,) = consolidate(answers, {}).findings
    assert len(joined.finding.evidence) == places
