"""The searches mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from wetread.domain.arrival import Arrival, Way
from wetread.domain.waiting import Lane, Standing
from wetread.store.archive import How, Level, Term, keep_metadata, metadata_of, objects, search
from wetread.store.objects import Incoming, InstanceFacts, SeriesFacts, StudyFacts, place_all, series_id

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PN = {"vr": "PN", "Value": [{"Alphabetic": "Referring^Doc"}]}
PEOPLE = (
    {"patient_id": "7", "patient_name": "MÜLLER^Jörg", "study_date": "2024-01-01", "accession_number": "a_1"},
    {"patient_id": "7*", "patient_name": "Muller", "study_date": "2024-06-01", "accession_number": "aX1"},
    {"patient_id": "70", "patient_name": "100%^[x]", "header": {"00080030": {"vr": "TM", "Value": ["1015"]}}},
    {"patient_id": "A", "description": "Head", "header": {"00080090": PN}},
    {"patient_id": "a", "description": "head"},
)


def incoming(number, facts):
    arrival = Arrival(arrival_id="x", way=Way.STOW, started_at=NOW)
    standing = Standing(lane=Lane.DUE, deadline=NOW, lift_at=NOW + timedelta(hours=1), why=())
    return Incoming(
        arrival=arrival,
        study=StudyFacts(study_id=f"{number:032x}", ref=f"st-{number}", study_uid=f"1.{number}", **facts),
        series=SeriesFacts(series_uid=f"1.{number}.1", modality="MR" if number == 3 else "CT", number=number),
        instance=InstanceFacts(
            blob=f"{number:064x}",
            size_bytes=1,
            kind="dicom_image",
            found="{}",
            sop_instance_uid=f"1.{number}.1.1",
            number=number,
        ),
        complete_at=NOW,
        standing=standing,
    )


@pytest.fixture
def archive(database):
    for number, facts in enumerate(PEOPLE):
        place_all(database, [incoming(number, facts)], now=NOW + timedelta(seconds=number))
    loose = incoming(9, {})
    place_all(database, [loose], now=NOW)
    return database


@pytest.mark.parametrize(
    ("name", "how", "values", "expected"),
    [
        ("patient_id", How.IDENTIFIER, ("7",), [0]),
        ("patient_id", How.IDENTIFIER, ("7*",), [1]),
        ("patient_id", How.IDENTIFIER, ("7?",), [1, 2]),
        ("patient_id", How.IDENTIFIER, ("A",), [3]),
        ("patient_id", How.IDENTIFIER, ("a*",), [4]),
        ("patient_id", How.IDENTIFIER, ("' OR 1=1 --",), []),
        ("accession_number", How.IDENTIFIER, ("a_1",), [0]),
        ("accession_number", How.IDENTIFIER, ("a?1",), [0, 1]),
        ("patient_name", How.NAME, ("müller^*",), [0]),
        ("patient_name", How.NAME, ("MULLER",), [1]),
        ("patient_name", How.NAME, ("100%*",), [2]),
        ("patient_name", How.NAME, ("%",), []),
        ("00080090", How.NAME, ("referring*",), [3]),
        ("00080030", How.RANGE, ("10", "11z"), [2]),
        ("description", How.WILD, ("H*",), [3]),
        ("study_date", How.RANGE, ("2024-01-02", ""), [1]),
        ("study_date", How.RANGE, ("", "2024-01-01"), [0]),
        ("modalities", How.WITHIN, ("MR", "US"), [3]),
        ("study_uid", How.ONE_OF, ("1.0", "1.4"), [0, 4]),
    ],
)
def test_a_term_finds_the_same_on_both(archive, name, how, values, expected):
    hits = search(archive, Level.STUDIES, [Term(level=Level.STUDIES, name=name, how=how, values=values)], limit=9)
    assert sorted(int(hit.study["study_uid"][2:]) for hit in hits) == expected


def test_pages_follow_each_other_without_a_gap(archive):
    pages = [search(archive, Level.SERIES, [], limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [hit.study["study_uid"] for page in pages for hit in page] == ["1.4", "1.3", "1.2", "1.1", "1.9", "1.0"]


def test_numbers_are_matched_as_numbers(archive):
    def numbered(value):
        term = Term(level=Level.INSTANCES, name="number", how=How.ONE_OF, values=(value,))
        return [hit.instance["number"] for hit in search(archive, Level.INSTANCES, [term], limit=9)]

    assert (numbered("3"), numbered("x"), numbered("9" * 30)) == ([3], [], [])


def test_objects_are_addressed_by_all_three_identifiers(archive):
    assert [one.blob for one in objects(archive, "1.2", "1.2.1", "1.2.1.1")] == [f"{2:064x}"]
    assert objects(archive, "1.2", "1.3.1") == objects(archive, "1.2", None, "1.3.1.1") == ()


def test_metadata_is_replaced_not_doubled_and_none_is_kept_for_nothing(archive):
    name = series_id(f"{2:032x}", "1.2.1")
    for body in (b"one", b"two"):
        keep_metadata(archive, name, 1, body)
    assert metadata_of(archive, name) == (1, b"two")
    keep_metadata(archive, "f" * 32, 1, b"x")
    assert metadata_of(archive, "f" * 32) is None
