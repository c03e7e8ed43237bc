"""Lists of thousands: rows written straight into a service's database, as they might stand there, and live ones."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from reading_room import Site

from wetread.store.change import add_study, tally_name, tell
from wetread.store.database import Database, store_url
from wetread.store.moments import EPOCH, MICROSECOND
from wetread.store.tables import studies, tallies

BASE = datetime.now(UTC).replace(microsecond=0)
CRITICAL = 3
"""So many of a filled list are critical: they stand first."""
NOTHING = dict.fromkeys(column.name for column in studies.c)
WORDS = ("pleural effusion", "cardiomegaly", "consolidation", "nodule")


def row(number: int, **other: Any) -> dict[str, Any]:
    """The study that stands in this line of a filled list: `Patient, 000007` is in line 7."""
    arrived = BASE - timedelta(minutes=90)
    return (
        NOTHING
        | {
            "study_id": hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest(),
            "ref": f"st-{number:012x}",
            "study_uid": f"1.2.826.0.1.{number + 1}",
            "patient_id": f"P{number:06d}",
            "patient_name": f"Patient^{number:06d}",
            "patient_sex": "FM"[number % 2],
            "age_years": 20.0 + number % 70,
            "description": "Chest, frontal",
            "modalities": ("\\DX\\", "\\CT\\", "\\MR\\")[number % 3],
            "body_parts": "\\CHEST\\",
            "indication": "cough for two weeks",
            "header": {},
            "series_count": 1,
            "instance_count": 1 + number % 3,
            "size_bytes": 1000,
            "status": "reported",
            "version": 1,
            "generation": 1,
            "arrived_at": arrived,
            "last_arrival_at": arrived,
            "completed_at": arrived,
            "reported_at": arrived,
            "patient_class": "unknown",
            "priority": "P1" if number < CRITICAL else ("P2", "P3", "P4", "P5")[number % 4],
            "lane": 1 if number < CRITICAL else 3,
            "deadline": BASE + timedelta(seconds=number),
            "lift_at": BASE + timedelta(days=2),
            "why": ["made for a test"],
            "top_finding": WORDS[number % 4],
            "top_probability": 0.9,
            "agreement": 0.8,
            "disputed": number % 50 == 0,
            "readers": ["embedded"],
            "source": "TEST",
            "open": True,
            "etag": 1,
        }
        | other
    )


def fill(site: Site, first: int, last: int) -> None:
    """Lines `first` to `last` (without it), as fast as the database takes them; one event tells whoever listens."""
    counted: Counter[str] = Counter()
    names = [column.name for column in studies.c]
    marks = ",".join("?" * len(names))

    def plain() -> Iterator[list[Any]]:
        for number in range(first, last):
            one = row(number)
            counted[tally_name(one)] += 1
            yield [_plain(one[name]) for name in names]

    with _database(site.running.folder).write() as connection:
        into = f"INSERT INTO studies ({','.join(map(repr, names))}) VALUES ({marks})"
        connection.connection.cursor().executemany(into, plain())
        for name, n in counted.items():
            adding = tallies.insert().prefix_with("OR IGNORE").values(name=name, n=0)
            connection.execute(adding)
            connection.execute(tallies.update().where(tallies.c.name == name).values(n=tallies.c.n + n))
        tell(connection, "study.new", now=datetime.now(UTC))


def arrive(site: Site, number: int, **other: Any) -> str:
    """One study more, heard by whoever listens; its study_id."""
    made = row(number, **other)
    with _database(site.running.folder).write() as connection:
        add_study(connection, now=datetime.now(UTC), **made)
    return made["study_id"]


@cache
def _database(folder: Path) -> Database:
    return Database(store_url(None, folder / "data"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value
