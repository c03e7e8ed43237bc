"""A human's word and the lifting sweep on a real store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from wetread.domain.clinical_data import (
    UrgencyPolicy,
    WorklistPolicy,
    load_policy,
    load_vocabulary,
    load_worklist_policy,
)
from wetread.domain.order import Order
from wetread.domain.report import Provenance, Report
from wetread.domain.urgency import Priority
from wetread.domain.waiting import Lane, StudyStatus
from wetread.errors import Conflict, InputError, NotFound
from wetread.panel import assess
from wetread.store.change import add_study, change_study
from wetread.store.flow import waiting
from wetread.store.records import to_record
from wetread.store.tables import events, reports, studies, tallies, trace
from wetread.testing.studies import film_study, finding, read
from wetread.worklist.override import lift_due, override_study, restand

CAME = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Policies:
    urgency: UrgencyPolicy = load_policy()
    waiting: WorklistPolicy = load_worklist_policy()


POLICIES = Policies()


def add(database, study_id, status=StudyStatus.QUEUED, **values):
    row = {
        "ref": f"st-{study_id[:12]}", "header": {}, "status": status, "arrived_at": CAME, "last_arrival_at": CAME,
        "lane": 3, "deadline": CAME + timedelta(hours=24), "lift_at": CAME + timedelta(hours=18), "why": [],
        "readers": [],
    }  # fmt: skip
    with database.write() as connection:
        add_study(connection, now=CAME, study_id=study_id, **{**row, **values})


def report(database, study_id, priority, target_min, reported: Report):
    reasons = tuple(replace(reason, priority=priority) for reason in reported.urgency.reasons[:1])
    urgency = replace(reported.urgency, priority=priority, target_min=target_min, reasons=reasons)
    body = to_record(Report, replace(reported, urgency=urgency))
    with database.write() as connection:
        row = {"report_id": f"{study_id}-1", "study_id": study_id, "version": 1, "status": "preliminary"}
        connection.execute(insert(reports).values(**row, priority=priority, body=body, at=CAME))
        at = CAME + timedelta(minutes=5)
        values = {"status": "reported", "reported_at": at, "priority": priority, "floor": priority}
        change_study(connection, study_id, now=at, kind="study.reported", **values)


@pytest.fixture(scope="module")
def reported():
    found = (read(finding("wr:pneumothorax", "present", 0.9)),)
    urgency = assess(found, Order(), study=film_study(), vocabulary=load_vocabulary(), policy=POLICIES.urgency)
    provenance = Provenance(
        software="x", vocabulary_version="1", vocabulary_sha256="", vocabulary_signed_off_by=None, policy_version="1",
        policy_sha256="",
    )  # fmt: skip
    return Report(
        report_id="r", study=film_study(), order=Order(), urgency=urgency, consensus=None, answers=(),
        provenance=provenance,
    )  # fmt: skip


def row_of(database, study_id):
    with database.read() as connection:
        return connection.execute(select(studies).where(studies.c.study_id == study_id)).mappings().one()


def lines(database, table, study_id):
    with database.read() as connection:
        return connection.execute(select(table).where(table.c.study_id == study_id)).mappings().all()


def override(database, study_id, priority, after_min=30, **more):
    return override_study(
        database,
        study_id,
        priority=priority,
        reason=more.pop("reason", "old finding"),
        by="dr.x",
        now=CAME + timedelta(minutes=after_min),
        policies=POLICIES,
        **more,
    )


def test_a_lowered_study_keeps_its_original_priority_in_words_trace_and_row(database, reported):
    add(database, "a" * 32)
    report(database, "a" * 32, Priority.P1, 30, reported)
    place = override(database, "a" * 32, Priority.P4)
    row = row_of(database, "a" * 32)
    assert (place.lane, row["lane"], row["priority"], row["floor"]) == (Lane.DUE, 3, "P4", "P4")
    assert row["why"][0] == "set to P4 by dr.x at 2026-11-21 08:30 UTC: old finding; without it P1"
    assert any("pneumothorax" in sentence.lower() for sentence in row["why"])
    assert row["override"]["instead_of"] == "P1"
    assert [line["text"] for line in lines(database, trace, "a" * 32)] == [
        "priority set to P4 by dr.x: old finding (it was P1)"
    ]
    assert lines(database, events, "a" * 32)[-1]["kind"] == "study.overridden"
    with database.read() as connection:
        counted = dict(connection.execute(select(tallies.c.name, tallies.c.n).where(tallies.c.n != 0)).all())
    assert counted == {"open/reported/P4": 1}


def test_a_raised_study_that_waits_for_its_read_gets_a_flow_of_its_new_turn(database):
    add(database, "b" * 32, generation=3)
    assert override(database, "b" * 32, Priority.P1).lane is Lane.CRITICAL
    row = row_of(database, "b" * 32)
    assert (row["generation"], row["status"], row["priority"]) == (4, "queued", "P1")


@pytest.mark.parametrize("status", [StudyStatus.READING, StudyStatus.RECEIVING, StudyStatus.REPORTED])
def test_a_flow_under_way_is_left_alone(database, status):
    add(database, "c" * 32, status, generation=3, reported_at=CAME)
    override(database, "c" * 32, Priority.P1)
    assert row_of(database, "c" * 32)["generation"] == 3


def test_a_word_on_a_row_that_moved_on_is_refused_and_changes_nothing(database):
    add(database, "d" * 32)
    with pytest.raises(Conflict):
        override(database, "d" * 32, Priority.P1, etag=7)
    assert row_of(database, "d" * 32)["priority"] is None
    assert lines(database, trace, "d" * 32) == []


def test_a_signed_study_can_not_be_overridden(database):
    add(database, "e" * 32, StudyStatus.SIGNED, open=False)
    with pytest.raises(Conflict, match="is signed"):
        override(database, "e" * 32, Priority.P4)


def test_a_study_that_is_not_there_is_told(database):
    with pytest.raises(NotFound):
        override(database, "f" * 32, Priority.P4)


@pytest.mark.parametrize(
    ("priority", "reason"), [(Priority.P4, "  \n"), (Priority.P4, "x" * 501), (Priority.UNREAD, "x")]
)
def test_a_word_without_a_reason_is_refused(database, priority, reason):
    add(database, "1" * 32)
    with pytest.raises(InputError):
        override(database, "1" * 32, priority, reason=reason)


def test_a_failed_study_stands_with_p2_until_a_human_lowers_it(database):
    add(database, "2" * 32, StudyStatus.FAILED, problem="no reader answered")
    place = restand(database, "2" * 32, now=CAME, policies=POLICIES)
    assert (place.priority, place.deadline) == (Priority.UNREAD, CAME + timedelta(hours=6))
    assert override(database, "2" * 32, Priority.P4).priority is Priority.P4


def test_whatever_waited_its_share_is_lifted_once_and_its_turn_moves(database, reported):
    for number in range(5):
        add(database, f"{number:032d}", generation=1)
    add(database, "9" * 32, lift_at=CAME + timedelta(hours=19))
    add(database, "8" * 32, StudyStatus.SIGNED, open=False)
    add(database, "7" * 32)
    report(database, "7" * 32, Priority.P4, 0, reported)
    then = CAME + timedelta(hours=18)
    assert lift_due(database, now=then - timedelta(seconds=1), policies=POLICIES) == 0
    assert lift_due(database, now=then, policies=POLICIES, batch=2) == 6
    assert lift_due(database, now=then, policies=POLICIES) == 0
    lifted = row_of(database, f"{3:032d}")
    assert (lifted["lane"], lifted["generation"]) == (2, 2)
    assert lifted["why"][0] == "lifted: waits since 2026-11-21 08:00 UTC, cap 24 h"
    assert [row_of(database, name * 32)["lane"] for name in "987"] == [3, 3, 2]
    assert row_of(database, "7" * 32)["why"][1].startswith("routine: ")  # the report's reasons stay in its words
    assert [line["kind"] for line in lines(database, trace, f"{3:032d}")] == ["lifted"]


def test_caps_that_have_grown_put_the_lifting_off(database):
    add(database, "6" * 32, lift_at=CAME)
    assert lift_due(database, now=CAME + timedelta(hours=1), policies=POLICIES) == 1
    assert row_of(database, "6" * 32)["lane"] == 3
    assert row_of(database, "6" * 32)["lift_at"] == CAME + timedelta(hours=18)


def test_of_ten_thousand_that_wait_a_critical_one_is_read_next(database):
    columns = {
        "ref": "st-0", "header": {}, "modalities": "", "body_parts": "", "status": "queued", "arrived_at": CAME,
        "last_arrival_at": CAME, "lane": 3, "lift_at": CAME + timedelta(hours=18), "why": [], "readers": [],
    }  # fmt: skip
    rows = [
        {**columns, "study_id": f"{n:032d}", "deadline": CAME + timedelta(hours=1, seconds=n)} for n in range(10_000)
    ]
    with database.write() as connection:
        connection.execute(insert(studies), rows)
    override(database, f"{9_999:032d}", Priority.P1)
    first = waiting(database, now=CAME + timedelta(minutes=31), longest_wait_s=300, window=2)
    assert [one.study_id for one in first] == [f"{9_999:032d}", f"{0:032d}"]
