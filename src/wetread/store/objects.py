"""Objects are placed in their study: once, whatever is sent twice or interrupted. A late one re-opens its study."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from wetread.domain.arrival import Arrival
from wetread.domain.waiting import Lane, Standing, StudyStatus
from wetread.store.arrivals import close_arrival, count_objects, keep_problem
from wetread.store.change import add_study, change_study, remember
from wetread.store.database import Database
from wetread.store.facts import Incoming, InstanceFacts, Placed, SeriesFacts, StoredInstance, StudyFacts, storable
from wetread.store.tables import instances, series, studies

__all__ = [
    "Incoming",
    "InstanceFacts",
    "Placed",
    "SeriesFacts",
    "StoredInstance",
    "StudyFacts",
    "close_arrival",
    "instances_of",
    "keep_problem",
    "place",
    "place_all",
    "series_id",
    "set_complete_at",
]


def place(
    database: Database,
    *,
    arrival: Arrival,
    study: StudyFacts,
    series: SeriesFacts,
    instance: InstanceFacts,
    complete_at: datetime,
    standing: Standing,
    now: datetime,
) -> Placed:
    """Put one object into its study. Doing it again changes nothing.

    Raises: StoreUnavailable.
    """
    one = Incoming(
        arrival=arrival, study=study, series=series, instance=instance, complete_at=complete_at, standing=standing
    )
    return place_all(database, (one,), now=now)[0]


def place_all(database: Database, objects: Sequence[Incoming], *, now: datetime) -> tuple[Placed, ...]:
    """Put objects into their studies, all of them in one transaction or none; the answers are in their order.

    Raises: StoreUnavailable.
    """
    try:
        return _place_all(database, objects, now)
    except IntegrityError:  # another process was first with the same study; now its rows are seen
        return _place_all(database, objects, now)


def _place_all(database: Database, objects: Sequence[Incoming], now: datetime) -> tuple[Placed, ...]:
    of_study: dict[str, list[int]] = {}
    for index, one in enumerate(objects):
        of_study.setdefault(one.study.study_id, []).append(index)
    placed: dict[int, Placed] = {}
    with database.write() as connection:
        count_objects(connection, (one.arrival for one in objects))
        for study_id in sorted(of_study):  # one order for all, so that no two processes wait for each other
            indices = of_study[study_id]
            placed |= zip(indices, _into_study(connection, [objects[i] for i in indices], now), strict=True)
    return tuple(placed[index] for index in range(len(objects)))


def _into_study(connection: Connection, objects: Sequence[Incoming], now: datetime) -> list[Placed]:
    study_id = objects[0].study.study_id
    look = select(studies).where(studies.c.study_id == study_id).with_for_update()
    row = connection.execute(look).mappings().one_or_none()
    fresh = _without_known(connection, study_id, objects, is_new=row is None)
    before = _begin(connection, objects[0], now) if row is None else dict(row)
    reopened = row is not None and bool(fresh) and before["status"] != StudyStatus.RECEIVING
    if fresh:
        taken = [objects[i] for i in fresh]
        _keep(connection, taken, now)
        _move_on(connection, before, taken, now)
    return [
        Placed(
            study_id=study_id,
            is_new=row is None and index == 0,
            is_duplicate=index not in fresh,
            reopened=reopened and index == min(fresh),
            version=before["version"],
        )
        for index in range(len(objects))
    ]


def _without_known(
    connection: Connection, study_id: str, objects: Sequence[Incoming], *, is_new: bool
) -> dict[int, None]:
    """The places in `objects` of those that the study does not hold yet: the same bytes count once.

    What this house made itself and an archive sends back is nothing new.
    """
    blobs = {one.instance.blob for one in objects}
    look = select(instances.c.blob).where(instances.c.study_id == study_id, instances.c.blob.in_(blobs))
    seen = set() if is_new else set(connection.execute(look).scalars())
    fresh: dict[int, None] = {}
    for index, one in enumerate(objects):
        if one.instance.blob not in seen and not one.is_ours:
            seen.add(one.instance.blob)
            fresh[index] = None
    return fresh


def _begin(connection: Connection, first: Incoming, now: datetime) -> Mapping[str, Any]:
    """The study's row, with nothing in it yet."""
    facts, standing, arrival = first.study, first.standing, first.arrival
    row = {f.name: getattr(facts, f.name) for f in fields(facts)} | {
        "status": StudyStatus.RECEIVING.value,
        "arrived_at": now,
        "last_arrival_at": now,
        "complete_at": first.complete_at,
        "priority": standing.priority,
        "target_min": standing.target_min,
        "readers": [],
        "source": arrival.peer,
        **_place_of(standing),
    }
    add_study(connection, now=now, **storable(studies, row))
    remember(connection, facts.study_id, "arrived", f"first object came by {arrival.way.value}", now=now)
    return dict(connection.execute(select(studies).where(studies.c.study_id == facts.study_id)).mappings().one())


def _keep(connection: Connection, taken: Sequence[Incoming], now: datetime) -> None:
    """Rows of the objects and of their series."""
    study_id = taken[0].study.study_id
    groups: dict[str, list[SeriesFacts]] = {}
    rows = []
    for one in taken:
        name = series_id(study_id, one.series.series_uid)
        groups.setdefault(name, []).append(one.series)
        whose = {"study_id": study_id, "series_id": name, "arrival_id": one.arrival.arrival_id, "arrived_at": now}
        rows.append(storable(instances, asdict(one.instance) | whose))
    look = select(series).where(series.c.series_id.in_(groups))
    known = {row["series_id"]: dict(row) for row in connection.execute(look).mappings()}
    for name, facts in groups.items():
        if before := known.get(name):
            told = storable(series, _merged(before, facts))
            values = told | {"instance_count": before["instance_count"] + len(facts)}
            connection.execute(update(series).where(series.c.series_id == name).values(**values))
        else:
            empty: dict[str, Any] = {f.name: None for f in fields(SeriesFacts)} | {"header": {}}
            told = storable(series, empty | _merged(empty, facts))
            values = told | {"series_id": name, "study_id": study_id, "instance_count": len(facts)}
            connection.execute(insert(series).values(**values))
    connection.execute(insert(instances), rows)


def _move_on(connection: Connection, before: Mapping[str, Any], taken: Sequence[Incoming], now: datetime) -> None:
    """The study's row with what the new objects say; a complete one is opened again."""
    study_id = before["study_id"]
    values = _merged(before, [one.study for one in taken]) | {
        "modalities": _with(before["modalities"], (one.series.modality for one in taken)),
        "body_parts": _with(before["body_parts"], (one.series.body_part for one in taken)),
        "instance_count": before["instance_count"] + len(taken),
        "series_count": _count_series(connection, study_id),
        "size_bytes": before["size_bytes"] + sum(one.instance.size_bytes for one in taken),
        "last_arrival_at": now,
        "complete_at": taken[-1].complete_at,
    }
    kind = "study.growing"
    if before["status"] != StudyStatus.RECEIVING:
        kind = "study.reopened"
        values |= _reopened(before, taken[0].standing, now)
        text = f"{len(taken)} more came by {taken[0].arrival.way.value} when it was {before['status']}: opened again"
        remember(connection, study_id, "reopened", text, now=now, version=before["version"])
    change_study(connection, study_id, now=now, kind=kind, **storable(studies, values))


def _reopened(before: Mapping[str, Any], standing: Standing, now: datetime) -> dict[str, Any]:
    """It waits for more and for a human again; a flow under way is void. One that was signed begins to wait anew."""
    values: dict[str, Any] = {
        "status": StudyStatus.RECEIVING.value,
        "open": True,
        "generation": before["generation"] + 1,
        "expired_at": None,
    }
    if before["status"] != StudyStatus.SIGNED:
        return values
    values |= {"signed_at": None, "arrived_at": now} | _place_of(standing)
    if before["lane"] == Lane.CRITICAL:  # what was critical stays so until a human says else
        soon = now + timedelta(minutes=before["floor_target_min"] or before["target_min"] or 0)
        values |= {"lane": int(Lane.CRITICAL), "deadline": min(soon, standing.deadline)}
        values["why"] = ["critical before it was signed; more images came since", *standing.why]
    return values


def _place_of(standing: Standing) -> dict[str, Any]:
    return {
        "lane": int(standing.lane),
        "deadline": standing.deadline,
        "lift_at": standing.lift_at,
        "why": list(standing.why),
    }


def _merged(before: Mapping[str, Any], facts: Iterable[StudyFacts | SeriesFacts]) -> dict[str, Any]:
    """What is still unknown and one of the facts tells: the first who says something counts."""
    told: dict[str, Any] = {}
    header = dict(before["header"])
    for one in facts:
        for name in (f.name for f in fields(one) if f.name != "header"):
            value = getattr(one, name)
            if value is not None and before[name] is None and name not in told:
                told[name] = value
        header = {**one.header, **header}
    if header != before["header"]:
        told["header"] = header
    return told


def _with(known: str, values: Iterable[str | None]) -> str:
    r"""A set kept as text (`\CT\SR\`) with further members; its separator is no part of a code string (PS3.5 6.2)."""
    members = {part for part in known.split("\\") if part} | {v.replace("\\", " ") for v in values if v}
    return "\\".join(("", *sorted(members), "")) if members else ""


def _count_series(connection: Connection, study_id: str) -> int:
    return int(connection.execute(select(func.count()).where(series.c.study_id == study_id)).scalar_one())


def instances_of(database: Database, study_id: str) -> list[StoredInstance]:
    """Every object of a study, in the order they came.

    Raises: StoreUnavailable.
    """
    columns = [instances.c[f.name] for f in fields(StoredInstance)]
    look = select(*columns).where(instances.c.study_id == study_id).order_by(instances.c.instance_id)
    with database.read() as connection:
        return [StoredInstance(**row) for row in connection.execute(look).mappings()]


def set_complete_at(database: Database, study_id: str, when: datetime, now: datetime) -> bool:
    """Say when a study counts as complete if nothing else comes; False where it no longer waits for more.

    Raises: NotFound, StoreUnavailable.
    """
    look = select(studies.c.status, studies.c.complete_at).where(studies.c.study_id == study_id).with_for_update()
    with database.write() as connection:
        row = connection.execute(look).one_or_none()
        if row is not None and row.status != StudyStatus.RECEIVING:
            return False
        if row is None or row.complete_at != when:
            change_study(connection, study_id, now=now, kind="study.growing", complete_at=when)
        return True


def series_id(study_id: str, series_uid: str | None) -> str:
    """The id of a series: 128 bits of a hash of whose it is."""
    return hashlib.sha256(f"{study_id}/{series_uid or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
