"""Objects find their study, once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from stored import MINUTE, NOON, change, incoming, placed, standing
from wetread.domain.waiting import Lane, StudyStatus
from wetread.errors import NotFound
from wetread.store.database import Database, store_url
from wetread.store.listing import study, totals, traces
from wetread.store.objects import close_arrival, instances_of, keep_problem, place_all, set_complete_at
from wetread.store.tables import arrivals, events, instances, problems, series, studies

DONE = [s for s in StudyStatus if s is not StudyStatus.RECEIVING]


def rows(database, table):
    with database.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_the_first_object_makes_its_study_and_says_where_it_stands(database):
    answer = placed(database, incoming())
    row = study(database, answer.study_id)
    assert answer.is_new
    assert not answer.is_duplicate
    assert (row["status"], row["open"], row["instance_count"], row["series_count"]) == ("receiving", True, 1, 1)
    assert row["complete_at"] == NOON + timedelta(seconds=30)
    assert (row["deadline"], row["why"]) == (NOON + 60 * MINUTE, ["due at 13:00"])
    assert row["source"] == "SCANNER"
    assert [line["kind"] for line in traces(database, answer.study_id)] == ["arrived"]
    assert totals(database) == {(True, "receiving", None): 1}


def test_an_object_that_is_sent_again_changes_nothing_but_its_arrival(database):
    first = placed(database, incoming())
    change(database, first.study_id, status=StudyStatus.REPORTED)
    before = study(database, first.study_id)
    again = placed(database, incoming(arrival="a2"))
    assert again.is_duplicate
    assert not again.reopened
    assert study(database, first.study_id) == before
    assert len(instances_of(database, first.study_id)) == 1
    assert {row["arrival_id"]: row["objects"] for row in rows(database, arrivals)} == {"a1": 1, "a2": 1}


def test_more_objects_move_counters_and_the_moment_of_completeness(database):
    placed(database, incoming())
    later = replace(incoming(number=2), complete_at=NOON + 2 * MINUTE)
    answer = placed(database, later, now=NOON + MINUTE)
    row = study(database, answer.study_id)
    assert not answer.reopened
    assert (row["instance_count"], row["size_bytes"], row["generation"]) == (2, 2000, 0)
    assert (row["last_arrival_at"], row["complete_at"]) == (NOON + MINUTE, NOON + 2 * MINUTE)
    assert row["arrived_at"] == NOON


@pytest.mark.parametrize("status", DONE)
def test_a_late_object_reopens_its_study_whatever_it_was(database, status):
    first = placed(database, incoming())
    is_open = status is not StudyStatus.SIGNED
    change(database, first.study_id, status=status, open=is_open, version=1, generation=3, floor="P2", complete_at=None)
    answer = placed(database, incoming(number=2), now=NOON + MINUTE)
    row = study(database, first.study_id)
    assert answer.reopened
    assert (row["status"], row["open"], row["generation"], row["version"]) == ("receiving", True, 4, 1)
    assert row["floor"] == "P2"
    assert row["complete_at"] is not None
    assert traces(database, first.study_id)[-1]["kind"] == "reopened"
    assert totals(database) == {(True, "receiving", None): 1}


def test_a_signed_study_that_is_reopened_begins_to_wait_anew(database):
    first = placed(database, incoming())
    change(database, first.study_id, status=StudyStatus.SIGNED, open=False, signed_at=NOON, lane=2, expired_at=NOON)
    next_week = NOON + timedelta(days=7)
    late = replace(incoming(number=2), standing=standing(next_week + 60 * MINUTE))
    row = study(database, placed(database, late, now=next_week).study_id)
    assert (row["arrived_at"], row["deadline"], row["lane"]) == (next_week, next_week + 60 * MINUTE, Lane.DUE)
    assert row["signed_at"] is None
    assert row["expired_at"] is None


def test_what_was_critical_before_it_was_signed_is_critical_when_it_is_reopened(database):
    first = placed(database, incoming())
    signed = {"status": StudyStatus.SIGNED, "open": False, "lane": Lane.CRITICAL, "floor": "P1", "floor_target_min": 10}
    change(database, first.study_id, **signed)
    row = study(database, placed(database, incoming(number=2), now=NOON + 20 * MINUTE).study_id)
    assert row["lane"] == Lane.CRITICAL
    assert row["deadline"] == NOON + 30 * MINUTE


def test_the_first_value_of_a_header_counts_and_gaps_are_filled(database):
    placed(database, incoming(study_facts={"patient_id": "A", "header": {"00080090": 1}}))
    second = {"patient_id": "B", "description": "HEAD", "header": {"00080090": 2, "00081010": 3}}
    parts = {"modality": "SR", "series_uid": "1.2.3.10", "body_part": "HEAD"}
    row = study(database, placed(database, incoming(number=2, study_facts=second, series_facts=parts)).study_id)
    assert (row["patient_id"], row["description"], row["header"]) == ("A", "HEAD", {"00080090": 1, "00081010": 3})
    assert (row["modalities"], row["body_parts"], row["series_count"]) == ("\\CT\\SR\\", "\\HEAD\\", 2)


def test_many_objects_at_once_are_as_one_by_one(database):
    answers = place_all(database, [incoming(study, n) for n in (1, 2, 2) for study in ("one", "other")], now=NOON)
    assert [(a.is_new, a.is_duplicate) for a in answers[::2]] == [(True, False), (False, False), (False, True)]
    assert {row["instance_count"] for row in rows(database, studies)} == {2}
    assert {row["instance_count"] for row in rows(database, series)} == {2}
    assert [row["objects"] for row in rows(database, arrivals)] == [6]


def test_what_headers_hold_is_kept_on_both_databases(database):
    strange = {"patient_id": "x" * 500, "patient_name": "A\0B\udcff", "age_years": float("nan")}
    numbers = {"number": 10**12, "sop_class_uid": "1" * 99}
    one = incoming(study_facts=strange | {"header": {"a": [float("inf"), "\0"]}}, instance_facts=numbers)
    row = study(database, placed(database, one).study_id)
    assert (row["patient_id"], row["patient_name"], row["age_years"]) == ("x" * 128, "AB?", None)
    assert row["header"] == {"a": [None, ""]}
    assert rows(database, instances)[0]["number"] is None


def test_two_processes_that_place_the_same_study_lose_nothing(database_url, tmp_path):
    def send(part):
        store = Database(store_url(database_url, tmp_path))
        for number in range(10):
            placed(store, incoming(number=number * 2 + part, arrival=f"a{part}"))
            placed(store, incoming(number=100 + number, arrival=f"a{part}"))
        store.close()

    threads = [threading.Thread(target=send, args=(part,)) for part in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    store = Database(store_url(database_url, tmp_path))
    (row,) = rows(store, studies)
    assert row["instance_count"] == 30 == len(instances_of(store, row["study_id"]))
    assert totals(store) == {(True, "receiving", None): 1}
    store.close()


def test_a_problem_is_noted_once(database):
    arrival = incoming().arrival
    for _ in range(2):
        keep_problem(database, arrival=arrival, blob="0" * 64, file="x", problem="no DICOM", now=NOON)
    assert [row["problem"] for row in rows(database, problems)] == ["no DICOM"]
    assert [(row["objects"], row["problems"]) for row in rows(database, arrivals)] == [(0, 1)]


def test_a_closed_arrival_names_the_studies_it_brought(database):
    one, other = placed(database, incoming()), placed(database, incoming("other"))
    assert set(close_arrival(database, "a1", NOON)) == {one.study_id, other.study_id}
    assert close_arrival(database, "never seen", NOON) == ()
    close_arrival(database, "a1", NOON + MINUTE)
    assert [row["closed_at"] for row in rows(database, arrivals)] == [NOON]


def test_the_moment_of_completeness_moves_only_while_a_study_grows(database):
    one = placed(database, incoming())
    assert set_complete_at(database, one.study_id, NOON + MINUTE, NOON)
    assert study(database, one.study_id)["complete_at"] == NOON + MINUTE
    change(database, one.study_id, status=StudyStatus.QUEUED)
    assert not set_complete_at(database, one.study_id, NOON, NOON)
    with pytest.raises(NotFound):
        set_complete_at(database, "0" * 32, NOON, NOON)


def test_a_placement_that_breaks_off_leaves_nothing(database):
    broken = replace(incoming(number=2), instance=replace(incoming(number=2).instance, kind=None))
    with pytest.raises(Exception, match=r"(?i)null"):
        place_all(database, [incoming(), broken], now=NOON)
    with database.read() as connection:
        for table in (studies, instances, series, arrivals, events):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_what_the_house_made_itself_and_an_archive_sends_back_opens_nothing(database):
    first = placed(database, incoming("one", 0))
    change(database, first.study_id, status=StudyStatus.REPORTED)
    [back] = place_all(database, [replace(incoming("one", 1), is_ours=True)], now=NOON)
    assert (back.is_duplicate, back.reopened) == (True, False)
    assert study(database, first.study_id)["status"] == StudyStatus.REPORTED
