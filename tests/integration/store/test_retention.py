"""What is kept for how long: never anything that is not signed, never what is still needed."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from stored import change, incoming, placed
from wetread.domain.waiting import StudyStatus
from wetread.settings.service import RetentionSettings
from wetread.store.blobs import FolderBlobs
from wetread.store.listing import study, traces
from wetread.store.objects import instances_of, keep_problem
from wetread.store.retention import expire, sweep
from wetread.store.tables import events, problems

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
KEEP = RetentionSettings(signed_days=30, problems_days=7, events_hours=48)


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "blobs")


def arrive(database, blobs, name, data, *, days_ago=40, **state):
    """A study of one object that came long ago and is in this state."""
    sha256, _ = blobs.put_bytes(data)
    age(blobs, sha256)
    object_ = incoming(name, instance_facts={"blob": sha256})
    answer = placed(database, object_, now=NOW - days_ago * DAY)
    change(database, answer.study_id, **state)
    return answer.study_id, sha256


def age(blobs, sha256, days=40):
    then = (NOW - days * DAY).timestamp()
    os.utime(blobs.local_path(sha256), (then, then))


def signed(days_ago=40):
    return {"status": StudyStatus.SIGNED, "open": False, "signed_at": NOW - days_ago * DAY}


def test_pixels_of_a_study_signed_long_ago_go_and_its_facts_stay(database, blobs):
    study_id, sha256 = arrive(database, blobs, "one", b"1", **signed())
    assert expire(database, blobs, KEEP, NOW).studies == 1
    assert not blobs.exists(sha256)
    assert len(instances_of(database, study_id)) == 1
    assert study(database, study_id)["expired_at"] == NOW
    assert traces(database, study_id)[-1]["kind"] == "expired"
    assert expire(database, blobs, KEEP, NOW).studies == 0


@pytest.mark.parametrize("status", [s for s in StudyStatus if s is not StudyStatus.SIGNED])
def test_nothing_of_a_study_that_is_not_signed_is_removed(database, blobs, status):
    _, sha256 = arrive(database, blobs, "one", b"1", status=status, signed_at=NOW - 400 * DAY)
    expire(database, blobs, KEEP, NOW)
    sweep(database, blobs, NOW)
    assert blobs.exists(sha256)


@pytest.mark.parametrize("retention", [RetentionSettings(), RetentionSettings(signed_days=50)])
def test_pixels_stay_as_long_as_the_site_says(database, blobs, retention):
    _, sha256 = arrive(database, blobs, "one", b"1", **signed())
    assert expire(database, blobs, retention, NOW).studies == 0
    sweep(database, blobs, NOW)
    assert blobs.exists(sha256)


def test_a_blob_that_another_study_uses_stays(database, blobs):
    arrive(database, blobs, "one", b"1", **signed())
    _, sha256 = arrive(database, blobs, "other", b"1", status=StudyStatus.REPORTED)
    assert expire(database, blobs, KEEP, NOW).blobs == 0
    assert blobs.exists(sha256)


def test_a_study_that_is_reopened_after_its_pixels_went_is_whole_again_as_far_as_it_came(database, blobs):
    study_id, _ = arrive(database, blobs, "one", b"1", **signed())
    expire(database, blobs, KEEP, NOW)
    late, _ = blobs.put_bytes(b"2")
    age(blobs, late, days=2)
    placed(database, incoming("one", 2, instance_facts={"blob": late}), now=NOW)
    assert study(database, study_id)["expired_at"] is None
    sweep(database, blobs, NOW)
    assert blobs.exists(late)


def test_a_blob_on_its_way_to_its_row_is_not_left_over(database, blobs):
    fresh, _ = blobs.put_bytes(b"fresh")
    old, _ = blobs.put_bytes(b"old")
    age(blobs, old, days=2)
    assert sweep(database, blobs, NOW).blobs == 1
    assert blobs.exists(fresh)
    assert not blobs.exists(old)


def test_the_feed_and_problems_end_when_the_site_says(database, blobs):
    study_id, _ = arrive(database, blobs, "one", b"1", days_ago=1)
    arrival = incoming().arrival
    for days, data in ((10, b"old"), (1, b"new")):
        sha256, _ = blobs.put_bytes(data)
        age(blobs, sha256)
        keep_problem(database, arrival=arrival, blob=sha256, file="x", problem="no DICOM", now=NOW - days * DAY)
    removed = expire(database, blobs, KEEP, NOW)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(problems)).scalar_one() == 1
        assert {row.kind for row in connection.execute(select(events.c.kind))} == {"study.new", "study.growing"}
    assert (removed.problems, removed.blobs) == (1, 1)
    assert removed.events == 1  # the change of long ago
    assert study_id
