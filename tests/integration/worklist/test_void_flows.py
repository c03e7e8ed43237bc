"""Whoever was overtaken writes nothing: by a late image, by another worker, by a newer report."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.order import Order
from wetread.domain.report import Receipt
from wetread.domain.view import Preparation
from wetread.errors import Conflict
from wetread.pipeline import Desk, read_study
from wetread.store.deliveries import Outcome, begin_delivery, due, end_delivery
from wetread.store.executors import beat, forget, known, take_lease
from wetread.store.flow import begin_read, is_void, note_queued, postpone_read, requeue_read, waiting
from wetread.store.jobs import read_job_id, request_read, retry
from wetread.store.reported import Ending, save_report
from wetread.store.signals import complete
from wetread.store.signals import due as due_studies
from wetread.store.tables import deliveries, jobs, reports, studies
from wetread.wiring.desk import provenance
from wetread.worklist.completing import study_of
from wetread.worklist.order_row import reported_columns, waiting_columns

FAR = 10_000


class Flow:
    """A study that was queued, and what a flow does with it."""

    def __init__(self, office):
        self.office, self.db, self.clock = office, office.database, office.clock
        self.arrive("a")

    def arrive(self, name):
        self.office.send(self.office.film(name))
        self.office.ingest.step()
        self.clock.turn(minutes=1)
        (row,) = due_studies(self.db, now=self.now, longest_s=FAR)
        policies = self.office.ingest._bureau.policies
        values = {"status": "queued", "readers": [], **waiting_columns(row, policies, now=self.now)}
        assert complete(self.db, row, values, [("complete", "by the test")], now=self.now)

    @property
    def now(self):
        return self.clock.now()

    @property
    def row(self):
        return self.office.rows(studies)[0]

    def begin(self, executor="w1", generation=None):
        row = self.row
        return begin_read(self.db, row["study_id"], generation or row["generation"], executor=executor, now=self.now)

    async def report(self):
        vocabulary, policy = load_vocabulary(None), load_policy(None)
        desk = Desk(
            readers=(),
            prepare=lambda *_: Preparation(views=()),
            vocabulary=vocabulary,
            policy=policy,
            provenance=provenance(vocabulary, policy),
        )
        return await read_study(study_of(self.db, self.row["study_id"]), Order(), desk)

    def save(self, task, *destinations, mark=""):

        report = asyncio.run(self.report())
        report = replace(report, report_id=report.report_id + mark)
        policies = self.office.ingest._bureau.policies

        def columns(row):
            return {"status": "reported", **reported_columns(row, policies, report.urgency, now=self.now)}

        ending = Ending(columns=columns, lines=(("reported", "by the test"),))
        return save_report(self.db, task, report, ending, destinations=destinations, now=self.now)

    def state_of(self, job_id):
        return next(one["state"] for one in self.office.rows(jobs) if one["job_id"] == job_id)


@pytest.fixture
def flow(office):
    return Flow(office)


def test_a_flow_of_an_older_generation_does_not_begin(flow):
    old = flow.row["generation"]
    flow.arrive("late")
    assert flow.begin(generation=old) is None
    assert flow.begin() is not None


def test_of_two_workers_with_one_flow_only_the_last_to_begin_may_write(flow):
    zombie = flow.begin("w1")
    survivor = flow.begin("w2")
    assert is_void(flow.db, zombie)
    assert not is_void(flow.db, survivor)
    assert flow.save(zombie) is None
    assert not postpone_read(flow.db, zombie, problem="x", now=flow.now, next_at=flow.now)
    assert flow.save(survivor) == []
    assert len(flow.office.rows(reports)) == 1
    assert flow.begin("w1") is None  # its work is done


def test_a_late_image_makes_what_is_read_void(flow):
    task = flow.begin()
    flow.arrive("late")
    assert is_void(flow.db, task)
    assert flow.save(task) is None
    assert flow.row["status"] == "queued"
    assert flow.office.rows(reports) == []


def test_a_new_report_withdraws_what_has_not_left_yet(flow):
    flow.save(flow.begin(), "pacs")
    old = flow.office.rows(reports)[0]["report_id"]
    flow.arrive("late")
    ((new, _),) = flow.save(flow.begin(), "pacs")
    states = {one["report_id"]: one["state"] for one in flow.office.rows(deliveries)}
    assert states == {old: "void", new: "waiting"}
    assert begin_delivery(flow.db, old, "pacs", 1, executor="w1", now=flow.now) is None


def test_reports_of_one_study_go_to_one_destination_one_after_the_other(flow):
    ((old, _),) = flow.save(flow.begin(), "pacs")
    first = begin_delivery(flow.db, old, "pacs", 1, executor="w1", now=flow.now)
    flow.arrive("late")
    ((new, _),) = flow.save(flow.begin(), "pacs")
    assert begin_delivery(flow.db, new, "pacs", 1, executor="w2", now=flow.now) > flow.now
    receipt = Receipt(destination="pacs", report_id=old, reference="1")
    assert end_delivery(flow.db, first, Outcome(receipt=receipt), now=flow.now)
    assert begin_delivery(flow.db, new, "pacs", 1, executor="w2", now=flow.now).report.report_id == new


def test_a_delivery_that_was_begun_before_is_begun_as_one_that_may_have_arrived(flow):
    ((report_id, _),) = flow.save(flow.begin(), "pacs")
    assert due(flow.db, now=flow.now, longest_wait_s=FAR) == [(report_id, "pacs", 1)]
    zombie = begin_delivery(flow.db, report_id, "pacs", 1, executor="w1", now=flow.now)
    survivor = begin_delivery(flow.db, report_id, "pacs", 1, executor="w2", now=flow.now)
    assert (zombie.again, survivor.again) == (False, True)
    assert not end_delivery(flow.db, zombie, Outcome(problem="late"), now=flow.now)
    receipt = Receipt(destination="pacs", report_id=report_id, reference="1")
    assert end_delivery(flow.db, survivor, Outcome(receipt=receipt), now=flow.now)
    assert begin_delivery(flow.db, report_id, "pacs", 1, executor="w3", now=flow.now) is None


def test_a_study_that_rests_is_not_queued_before_its_time_even_if_the_clock_is_set_back(flow):
    task = flow.begin()
    assert postpone_read(flow.db, task, problem="gone", now=flow.now, next_at=flow.now + timedelta(seconds=30))
    assert waiting(flow.db, now=flow.now, longest_wait_s=300, window=10) == []
    (one,) = waiting(flow.db, now=flow.now + timedelta(seconds=31), longest_wait_s=300, window=10)
    assert one.generation == task.generation + 1
    year_ago = flow.now - timedelta(days=365)
    assert waiting(flow.db, now=year_ago, longest_wait_s=300, window=10) == [one]


def test_a_queued_study_is_noted_once_and_older_flows_are_named(flow):
    (one,) = waiting(flow.db, now=flow.now, longest_wait_s=300, window=10)
    assert note_queued(flow.db, [one], now=flow.now) == []
    assert waiting(flow.db, now=flow.now, longest_wait_s=300, window=10) == []
    old = read_job_id(one.study_id, one.generation)
    flow.arrive("late")
    (newer,) = waiting(flow.db, now=flow.now, longest_wait_s=300, window=10)
    assert note_queued(flow.db, [newer], now=flow.now) == [old]
    assert flow.state_of(old) == "cancelled"


def test_a_flow_that_the_engine_lost_is_queued_under_a_new_generation(flow):
    (one,) = waiting(flow.db, now=flow.now, longest_wait_s=300, window=10)
    note_queued(flow.db, [one], now=flow.now)
    job_id = read_job_id(one.study_id, one.generation)
    assert requeue_read(flow.db, job_id, now=flow.now)
    assert not requeue_read(flow.db, job_id, now=flow.now)
    (again,) = waiting(flow.db, now=flow.now, longest_wait_s=300, window=10)
    assert again.generation == one.generation + 1


def test_another_read_can_be_asked_for_once_a_study_is_reported(flow):
    study_id = flow.row["study_id"]
    with pytest.raises(Conflict, match="is queued"):
        request_read(flow.db, study_id, by="ada", now=flow.now)
    flow.save(flow.begin(), "pacs")
    before = flow.row
    request_read(flow.db, study_id, by="ada", now=flow.now)
    assert (flow.row["status"], flow.row["version"]) == ("queued", before["version"] + 1)
    assert flow.save(flow.begin(), "pacs", mark="-2") is not None
    assert sorted(one["superseded_at"] is None for one in flow.office.rows(reports)) == [False, True]


def test_a_job_that_has_not_failed_is_not_retried(flow):
    task = flow.begin()
    with pytest.raises(Conflict, match="only a failed one"):
        retry(flow.db, task.begun.job_id, by="ada", now=flow.now)


def test_a_lease_is_held_as_long_as_its_holder_lives_whatever_the_clock_says(office):
    db, now = office.database, office.clock.now()
    long_ago = now - timedelta(days=3)
    assert take_lease(db, "first", "w1", alive={"w1", "w2"}, until=long_ago)
    assert not take_lease(db, "first", "w2", alive={"w1", "w2"}, until=now)
    assert take_lease(db, "first", "w2", alive={"w2"}, until=now)
    assert not take_lease(db, "first", "w1", alive={"w1", "w2"}, until=now)


def test_a_worker_that_was_taken_for_dead_is_there_again_with_its_next_word(office):
    db, now = office.database, office.clock.now()
    who = {"executor_id": "w1", "host": "here", "pid": 1, "software": "wetread"}
    beat(db, **who, now=now)
    forget(db, "w1")
    assert known(db) == ()
    beat(db, **who, now=now)
    assert [one.executor_id for one in known(db)] == ["w1"]
