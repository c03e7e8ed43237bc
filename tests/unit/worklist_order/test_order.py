"""Where one study stands, and the sentences that say why."""

from datetime import UTC, datetime, timedelta

import pytest

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.domain.order import OrderPriority
from wetread.domain.urgency import Priority, Reason
from wetread.domain.waiting import Lane, Override, PatientClass
from wetread.worklist.order import queue_priority, standing

POLICY, WAITING = load_policy(), load_worklist_policy()
CAME = datetime(2026, 11, 21, 8, tzinfo=UTC)
TENSION = Reason(source="rule", priority=Priority.P1, rule_id="finding.wr:x", text="tension pneumothorax", finding="x")


def stands(after_min=0, *, patient_class=PatientClass.EMERGENCY, priority=None, target_min=None, **more):
    return standing(
        priority=priority,
        target_min=target_min,
        order_priority=more.pop("order_priority", None),
        patient_class=patient_class,
        arrived_at=CAME,
        now=CAME + timedelta(minutes=after_min),
        policy=POLICY,
        waiting=WAITING,
        **more,
    )


def word(priority, after_min=0):
    return Override(priority=priority, reason="old finding", by="dr.x", at=CAME + timedelta(minutes=after_min))


def test_a_critical_finding_stands_in_the_first_lane_and_says_its_rule():
    place = stands(priority=Priority.P1, target_min=10, reasons=(TENSION,))
    assert (place.lane, place.deadline) == (Lane.CRITICAL, CAME + timedelta(minutes=10))
    assert place.why == (
        "critical: tension pneumothorax (rule finding.wr:x)",
        "due 2026-11-21 08:10 UTC, 10 min after arrival",
    )


def test_an_unread_study_is_due_at_its_cap_and_shows_no_priority():
    place = stands()
    assert (place.lane, place.priority) == (Lane.DUE, None)
    assert place.why == (
        "not read by AI yet",
        "due 2026-11-21 10:00 UTC, 2 h after arrival, the cap on waiting (emergency)",
    )


def test_a_study_is_lifted_once_three_quarters_of_its_cap_have_passed():
    assert stands(89, priority=Priority.P4, target_min=0).lane is Lane.DUE
    place = stands(90, priority=Priority.P4, target_min=0)
    assert place.lane is Lane.LIFTED
    assert place.why[0] == "lifted: waits since 2026-11-21 08:00 UTC, cap 2 h"


@pytest.mark.parametrize(
    ("patient_class", "hours"),
    [(PatientClass.EMERGENCY, 2), (PatientClass.INPATIENT, 24), (PatientClass.OUTPATIENT, 24)],
)
def test_a_finding_that_leaves_days_is_due_at_the_cap(patient_class, hours):
    place = stands(priority=Priority.P3, target_min=4320, patient_class=patient_class)
    assert place.deadline == CAME + timedelta(hours=hours)


@pytest.mark.parametrize(("order", "shown"), [(OrderPriority.STAT, Priority.P2), (OrderPriority.URGENT, Priority.P2)])
def test_an_unread_study_takes_the_floor_of_its_order(order, shown):
    place = stands(order_priority=order, patient_class=PatientClass.OUTPATIENT)
    assert (place.priority, place.deadline) == (shown, CAME + timedelta(hours=6))
    assert f"the order is {order.value}: at least P2" in place.why


def test_a_routine_order_is_no_word_on_the_pictures():
    place = stands(order_priority=OrderPriority.ROUTINE)
    assert place.priority is None
    assert "not read by AI yet" in place.why


def test_a_study_that_ai_failed_on_stands_with_p2_and_says_so():
    place = stands(failed="no reader answered", patient_class=PatientClass.OUTPATIENT)
    assert (place.priority, place.deadline) == (Priority.UNREAD, CAME + timedelta(hours=6))
    assert place.why[0] == "AI did not read this, so a human must: no reader answered"


def test_a_human_lowers_what_was_known_and_the_original_stays_in_the_words():
    place = stands(30, priority=Priority.P1, target_min=10, reasons=(TENSION,), override=word(Priority.P4, 20))
    assert (place.lane, place.priority) == (Lane.DUE, Priority.P4)
    assert place.why[0] == "set to P4 by dr.x at 2026-11-21 08:20 UTC: old finding; without it P1"
    assert "critical: tension pneumothorax (rule finding.wr:x)" in place.why


def test_a_human_does_not_lower_what_came_after_his_word():
    heard = {"heard_at": CAME + timedelta(minutes=25)}
    place = stands(30, priority=Priority.P1, target_min=10, override=word(Priority.P4, 20), **heard)
    assert place.lane is Lane.CRITICAL
    assert any("it counts no more" in sentence for sentence in place.why)


def test_a_human_raises_whatever_comes_later():
    heard = {"heard_at": CAME + timedelta(minutes=25)}
    place = stands(30, priority=Priority.P4, target_min=0, override=word(Priority.P1, 20), **heard)
    assert (place.lane, place.priority) == (Lane.CRITICAL, Priority.P1)


def test_an_earlier_reads_priority_stays_as_a_floor():
    place = stands(priority=Priority.P4, target_min=0, floor=Priority.P2, floor_target_min=120)
    assert (place.priority, place.deadline) == (Priority.P2, CAME + timedelta(minutes=120))
    assert any(sentence.startswith("not below P2") for sentence in place.why)


def test_a_critical_study_leaves_the_queue_before_anything_else():
    critical = stands(priority=Priority.P1, target_min=60)
    lifted = stands(600, patient_class=PatientClass.EMERGENCY)
    numbers = [queue_priority(place.lane, place.deadline) for place in (critical, lifted, stands())]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 3
