"""Joining answers: votes, places, disputes, and silence that is no vote."""

import asyncio

import pytest

from wetread.domain.finding import Evidence, Laterality, Presence
from wetread.domain.read import Abstention, Quality
from wetread.errors import NobodyRead, ReaderRefused, ReaderUnavailable
from wetread.panel import consolidate, convene
from wetread.panel.consolidate import iou
from wetread.testing.readers import ScriptedReader
from wetread.testing.studies import abstention, finding, read

CODE = "wr:pleural-effusion"


def joined(*answers, votes=None):
    (one,) = consolidate(answers, votes or {}).findings
    return one


def box(*corners, file="film.dcm", frame=1):
    return Evidence(file=file, sop_instance_uid=None, frame=frame, box=corners, origin="cam")


def test_nobody_read_raises():
    with pytest.raises(NobodyRead):
        consolidate([abstention()], {})


def test_silence_is_not_a_probability_of_zero():
    talked = read(finding(CODE, "present", 0.8), name="a")
    silent = read(name="b")
    assert joined(talked, silent).finding.probability == 0.8


def test_two_probabilities_are_averaged_in_log_odds_and_no_longer_called_calibrated():
    one = joined(read(finding(CODE, "present", 0.8), name="a"), read(finding(CODE, "present", 0.2), name="b"))
    assert one.finding.probability == pytest.approx(0.5)
    assert "/pooled/" in one.finding.calibrator_id


def test_a_dispute_is_kept_with_the_names_of_both_sides():
    one = joined(read(finding(CODE), name="a"), read(finding(CODE, "absent"), name="b"))
    assert one.disputed
    assert (one.present_by, one.absent_by) == (("a",), ("b",))


def test_a_majority_can_make_a_finding_uncertain_but_not_absent():
    answers = [read(finding(CODE), name="a"), *(read(finding(CODE, "absent"), name=n) for n in "bc")]
    assert joined(*answers).finding.presence is Presence.UNCERTAIN
    assert joined(*answers, votes={"a": 3.0}).finding.presence is Presence.PRESENT


def test_a_panel_without_local_figures_says_that_its_votes_are_unweighted_by_evidence():
    both = consolidate([read(name="a"), read(name="b")], {})
    assert "unweighted by evidence" in both.weighting
    assert consolidate([read(name="a")], {}).weighting == "single reader"


def test_left_and_right_stay_apart():
    sides = [finding(CODE, laterality=side) for side in (Laterality.LEFT, Laterality.RIGHT)]
    assert len(consolidate([read(*sides)], {}).findings) == 2


def test_boxes_on_the_same_place_are_one_and_others_stay():
    a = read(finding(CODE, evidence=(box(0.1, 0.1, 0.5, 0.5),)), name="a")
    b = read(finding(CODE, evidence=(box(0.12, 0.1, 0.5, 0.5), box(0.7, 0.7, 0.9, 0.9))), name="b")
    assert len(joined(a, b).finding.evidence) == 2
    other_frame = read(finding(CODE, evidence=(box(0.1, 0.1, 0.5, 0.5, frame=2),)), name="b")
    assert len(joined(a, other_frame).finding.evidence) == 2


def test_iou_of_known_boxes():
    assert iou((0, 0, 1, 1), (0, 0, 1, 1)) == 1
    assert iou((0, 0, 0.5, 1), (0.5, 0, 1, 1)) == 0
    assert iou((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)


def test_a_non_diagnostic_picture_can_not_show_absence():
    blind = read(finding(CODE, "absent"), quality=Quality(grade="non_diagnostic"))
    assert joined(blind).finding.presence is Presence.NOT_ASSESSABLE


class Broken:
    name = "broken"

    async def read(self, request):
        raise ZeroDivisionError


class Slow:
    name = "slow"

    async def read(self, request):
        await asyncio.sleep(30)


def test_a_reader_that_refuses_breaks_or_hangs_is_an_abstention_and_the_others_answer():
    readers = (
        ScriptedReader("fine", [finding(CODE)]),
        ScriptedReader("refuses", ReaderRefused("not my examination")),
        ScriptedReader("down", ReaderUnavailable("try later")),
        Broken(),
        Slow(),
    )

    def request_for(reader):
        from wetread.domain.order import Order
        from wetread.domain.read import ReadRequest

        return ReadRequest(study_ref="st-1", views=(), order=Order())

    answers = asyncio.run(convene(readers, request_for, timeout_s=0.2))
    assert [isinstance(answer, Abstention) for answer in answers] == [False, True, True, True, True]
    assert [answer.failed for answer in answers[1:]] == [False, True, True, True]
    assert "ZeroDivisionError" in answers[3].reason
    assert "0.2 s" in answers[4].reason
