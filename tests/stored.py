"""Rows for tests: objects on their way into the store, and studies as they stand on the list."""

import hashlib
from datetime import UTC, datetime, timedelta

from wetread.domain.arrival import Arrival, Way
from wetread.domain.waiting import Lane, Standing, StudyStatus
from wetread.store.change import add_study, change_study
from wetread.store.database import Database
from wetread.store.objects import Incoming, InstanceFacts, Placed, SeriesFacts, StudyFacts, place

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def name_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def incoming(study: str = "one", number: int = 1, *, arrival: str = "a1", **changed: dict) -> Incoming:
    """Object `number` of a study; `study_facts`, `series_facts` and `instance_facts` change what it says."""
    facts = {"study_id": name_of(study)[:32], "ref": f"st-{name_of(study)[:12]}", "study_uid": f"1.2.3.{len(study)}"}
    series = {"series_uid": "1.2.3.9", "modality": "CT", "number": 1}
    instance = {
        "blob": name_of(f"{study}/{number}"),
        "size_bytes": 1000,
        "kind": "dicom_image",
        "found": "{}",
        "sop_instance_uid": f"1.2.3.9.{number}",
        "number": number,
    }
    return Incoming(
        arrival=Arrival(arrival_id=arrival, way=Way.C_STORE, started_at=NOON, peer="SCANNER"),
        study=StudyFacts(**(facts | changed.get("study_facts", {}))),
        series=SeriesFacts(**(series | changed.get("series_facts", {}))),
        instance=InstanceFacts(**(instance | changed.get("instance_facts", {}))),
        complete_at=NOON + timedelta(seconds=30),
        standing=standing(),
    )


def standing(deadline: datetime = NOON + 60 * MINUTE, lane: Lane = Lane.DUE) -> Standing:
    return Standing(lane=lane, deadline=deadline, lift_at=deadline, why=("due at 13:00",))


def placed(database: Database, one: Incoming, now: datetime = NOON) -> Placed:
    return place(
        database,
        arrival=one.arrival,
        study=one.study,
        series=one.series,
        instance=one.instance,
        complete_at=one.complete_at,
        standing=one.standing,
        now=now,
    )


def put_study(database: Database, study_id: str, **values: object) -> None:
    """A study's row, straight into the store."""
    put_studies(database, [{"study_id": study_id, **values}])


def put_studies(database: Database, studies: list[dict]) -> None:
    """Rows of studies, straight into the store, in one transaction."""
    usual = {
        "header": {},
        "status": StudyStatus.REPORTED,
        "arrived_at": NOON,
        "last_arrival_at": NOON,
        "deadline": NOON,
        "lift_at": NOON,
        "why": [],
        "readers": [],
        "lane": 3,
        "open": True,
    }
    with database.write() as connection:
        for study in studies:
            row = {"ref": f"st-{study['study_id'][:12]}"} | usual | study
            add_study(connection, now=NOON, **row)


def change(database: Database, study_id: str, **values: object) -> None:
    with database.write() as connection:
        change_study(connection, study_id, now=NOON, kind="study.changed", **values)
