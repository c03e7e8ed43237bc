"""A job that a human calls off: nothing is lost of its study, and nothing of it goes on."""

import pytest
from test_void_flows import Flow

from wetread.errors import Conflict, NotFound
from wetread.store.deliveries import begin_delivery
from wetread.store.flow import is_void, note_queued, waiting
from wetread.store.jobs import deliver_job_id, note_delivery, read_job_id, request_read
from wetread.store.tables import deliveries, reports
from wetread.worklist.cancelling import cancel


@pytest.fixture
def flow(office):
    return Flow(office)


def call_off(flow, job_id):
    cancel(flow.db, job_id, by="reader1", now=flow.now, policies=flow.office.ingest._bureau.policies)


def test_a_reading_that_is_called_off_leaves_the_study_on_hold_as_unread(flow):
    task = flow.begin()
    call_off(flow, task.begun.job_id)
    row = flow.row
    assert (row["status"], row["open"]) == ("held", True)
    assert "cancelled by reader1" in row["problem"]
    assert any("cancelled by reader1" in line for line in row["why"])
    assert is_void(flow.db, task)
    assert flow.save(task) is None
    assert flow.office.rows(reports) == []
    assert flow.state_of(task.begun.job_id) == "cancelled"


def test_a_study_that_waits_in_the_queue_can_be_called_off_and_asked_for_again(flow):
    found = waiting(flow.db, now=flow.now, longest_wait_s=60, window=9)
    note_queued(flow.db, found, now=flow.now)
    job_id = read_job_id(found[0].study_id, found[0].generation)
    call_off(flow, job_id)
    assert flow.begin(generation=found[0].generation) is None
    assert waiting(flow.db, now=flow.now, longest_wait_s=60, window=9) == []
    request_read(flow.db, found[0].study_id, by="reader1", now=flow.now)
    assert flow.begin() is not None


def test_a_delivery_that_waits_is_called_off_and_one_on_its_way_is_not(flow):
    ((report_id, _),) = flow.save(flow.begin(), "pacs")
    job_id = deliver_job_id(report_id, "pacs", 1)
    note_delivery(flow.db, job_id, report_id, "pacs", now=flow.now)
    call_off(flow, job_id)
    assert [one["state"] for one in flow.office.rows(deliveries)] == ["void"]
    assert begin_delivery(flow.db, report_id, "pacs", 1, executor="w1", now=flow.now) is None


def test_a_delivery_on_its_way_can_not_be_called_back(flow):
    ((report_id, _),) = flow.save(flow.begin(), "pacs")
    begin_delivery(flow.db, report_id, "pacs", 1, executor="w1", now=flow.now)
    with pytest.raises(Conflict, match="on its way"):
        call_off(flow, deliver_job_id(report_id, "pacs", 1))
    assert [one["state"] for one in flow.office.rows(deliveries)] == ["sending"]


def test_what_is_over_or_unknown_can_not_be_cancelled(flow):
    task = flow.begin()
    flow.save(task)
    with pytest.raises(Conflict, match="is done"):
        call_off(flow, task.begun.job_id)
    with pytest.raises(NotFound, match="no job nonsense"):
        call_off(flow, "nonsense")
