"""How long a page of the worklist takes at 10,000, 100,000 and 1,000,000 studies, on SQLite or PostgreSQL.

    python benchmarks/worklist.py [--sizes 10000,100000,1000000] [--database postgresql://…] [--pages 200]

It prints the 95th percentile of each kind of page, and its growth beside that of log n. Rows are made up, a fifth of
them signed; PostgreSQL is filled by COPY into a database that must be empty.
"""

import argparse
import csv
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Connection, insert, text

from wetread.domain.people import Role
from wetread.domain.urgency import Priority
from wetread.domain.waiting import StudyStatus
from wetread.store.change import tally_name
from wetread.store.database import Database, store_url
from wetread.store.filters import stretches_of, write_cursor
from wetread.store.listing import Filters, Sort, page
from wetread.store.moments import EPOCH, MICROSECOND
from wetread.store.schema import migrate
from wetread.store.tables import studies, tallies
from wetread.store.tokens import add_token

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
COLUMNS = [column.name for column in studies.c]
KINDS: dict[str, Filters] = {
    "first page": Filters(open=True),
    "one status": Filters(statuses=(StudyStatus.FAILED,), open=True),
    "one priority": Filters(priorities=(Priority.P1,), open=True),
    "mine": Filters(assignee="reader7", open=True),
    "one modality": Filters(modality="MR", open=True),
    "overdue": Filters(overdue_at=NOON, open=True),
    "one patient": Filters(patient_id="P77"),
    "newest arrivals": Filters(sort=Sort.ARRIVED),
    "text": Filters(text="ct 77", open=True),
}


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Studies as they might stand there."""
    dice = random.Random(count)
    statuses = [*[StudyStatus.REPORTED] * 70, *[StudyStatus.QUEUED] * 9, StudyStatus.FAILED, *[StudyStatus.SIGNED] * 20]
    for number in range(count):
        arrived = NOON - timedelta(seconds=dice.randrange(30 * 86_400))
        status = dice.choice(statuses)
        row = dict.fromkeys(COLUMNS)
        yield row | {
            "study_id": f"{dice.getrandbits(128):032x}",
            "ref": f"st-{number:012x}",
            "study_uid": f"1.2.826.{number}",
            "patient_id": f"P{dice.randrange(max(1, count // 3))}",
            "patient_name": f"Patient^{number}",
            "accession_number": f"A{number}",
            "study_date": f"{arrived:%Y-%m-%d}",
            "description": f"{dice.choice(('CT', 'MR', 'XR'))} {dice.randrange(10_000)}",
            "modalities": dice.choice(("\\CT\\", "\\CR\\", "\\DX\\", "\\MR\\SR\\")),
            "body_parts": "\\CHEST\\",
            "header": {},
            "series_count": 1,
            "instance_count": 1,
            "size_bytes": 1000,
            "status": status.value,
            "version": 1,
            "generation": 1,
            "arrived_at": arrived,
            "last_arrival_at": arrived,
            "patient_class": "unknown",
            "priority": dice.choice(("P1", "P2", "P3", "P4", "P4", "P5", "P5", "P5", None)),
            "lane": dice.choices((1, 2, 3), (1, 4, 95))[0],
            "deadline": arrived + timedelta(minutes=dice.randrange(10, 1440)),
            "lift_at": arrived + timedelta(hours=20),
            "why": ["due 10:45, 60 min after arrival"],
            "readers": ["embedded"],
            "assignee": f"reader{dice.randrange(20)}" if dice.random() < 0.1 else None,
            "open": status is not StudyStatus.SIGNED,
            "etag": 1,
        }


def fill(database: Database, count: int) -> None:
    """A store with so many studies; indexes are made after the rows."""
    migrate(database)
    counted: Counter[str] = Counter()

    def counting() -> Iterator[dict[str, Any]]:
        for row in rows(count):
            counted[tally_name(row)] += 1
            yield row

    with database.write() as connection:
        for index in studies.indexes:
            index.drop(connection)
        (_fill_sqlite if database.is_sqlite else _copy)(connection, counting())
        for index in studies.indexes:
            index.create(connection)
        connection.execute(insert(tallies), [{"name": name, "n": n} for name, n in counted.items()])
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE studies"))


def plain(row: dict[str, Any]) -> list[Any]:
    """A row's values as both databases hold them."""
    return [
        (value - EPOCH) // MICROSECOND
        if isinstance(value, datetime)
        else json.dumps(value)
        if isinstance(value, dict | list)
        else value
        for value in row.values()
    ]


def _fill_sqlite(connection: Connection, made: Iterator[dict[str, Any]]) -> None:
    marks = ",".join("?" * len(COLUMNS))
    names = ",".join(f'"{name}"' for name in COLUMNS)
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA cache_size = -500000")
    cursor.executemany(f"INSERT INTO studies ({names}) VALUES ({marks})", map(plain, made))


def _copy(connection: Connection, made: Iterator[dict[str, Any]]) -> None:
    names = ",".join(f'"{name}"' for name in COLUMNS)
    with connection.connection.cursor().copy(f"COPY studies ({names}) FROM STDIN (FORMAT csv)") as copy:
        lines = io.StringIO()
        writer = csv.writer(lines)
        for row in made:
            writer.writerow(plain(row))
            if lines.tell() > 1 << 20:
                copy.write(lines.getvalue())
                lines.seek(0)
                lines.truncate()
        copy.write(lines.getvalue())


def deep_pages(database: Database) -> Callable[[int], object]:
    """Pages from all over the list: each after a moment of the last 30 days, as a page that ended there would say."""
    filters = Filters(open=True)
    stretches = stretches_of(filters)
    words = [
        write_cursor(filters.sort, stretches, 0, {"lane": 3, "deadline": NOON - age, "study_id": "8" * 32})
        for age in (timedelta(days=30) * n / 40 for n in range(40))
    ]
    return lambda n: page(database, filters=filters, after=words[n % len(words)])


def p95_ms(do: Callable[[int], object], times: int) -> float:
    """The 95th percentile of so many runs, but no longer than three seconds."""
    do(0)
    taken, start = [], time.perf_counter()
    for n in range(times):
        began = time.perf_counter()
        do(n)
        taken.append(time.perf_counter() - began)
        if time.perf_counter() - start > 3 and len(taken) >= 5:
            break
    return sorted(taken)[max(0, math.ceil(len(taken) * 0.95) - 1)] * 1000


def measured(database: Database, count: int, pages: int) -> dict[str, float]:
    """All kinds of pages of a store with so many studies."""
    start = time.perf_counter()
    fill(database, count)
    print(f"{count} studies filled in {time.perf_counter() - start:.0f} s", file=sys.stderr)
    found = {name: p95_ms(lambda _, f=filters: page(database, filters=f), pages) for name, filters in KINDS.items()}
    found["deep pages"] = p95_ms(deep_pages(database), pages)
    return found


def served(database: Database, folder: Path, pages: int) -> dict[str, float]:
    """The first page and a filtered one as a client gets them: sockets, access check, audit line and JSON included."""
    secret, _ = add_token(database, role=Role.SERVICE, by="bench", days=1, now=datetime.now(UTC))
    words = [sys.executable, "-m", "wetread", "http", "--data", str(folder), "--http", "127.0.0.1:0"]
    environment = {**os.environ, "WETREAD_SERVICE__DATABASE": database.url.render_as_string(hide_password=False)}
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        ready = next(line for line in child.stderr if line.startswith("serving "))
        url = ready.split()[1] + "/api/v1/worklist"
        with httpx2.Client(headers={"Authorization": f"Bearer {secret}"}) as client:

            def ask(**asked: str) -> Callable[[int], object]:
                return lambda _: client.get(url, params={"limit": "100", **asked}).raise_for_status().json()

            found = {"API: first page": p95_ms(ask(), pages), "API: one modality": p95_ms(ask(modality="MR"), pages)}
        child.terminate()
    return found


def main() -> None:
    """Fill, measure, print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sizes", default="10000,100000,1000000")
    asked.add_argument("--pages", type=int, default=200)
    asked.add_argument("--database")
    told = asked.parse_args()
    sizes = [int(size) for size in told.sizes.split(",")]
    table: dict[int, dict[str, float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(store_url(told.database, Path(folder)))
            table[size] = measured(database, size, told.pages) | served(database, Path(folder), told.pages)
            if told.database:
                with database.write() as connection:
                    connection.execute(text("TRUNCATE studies, tallies CASCADE"))
            database.close()
    first = sizes[0]
    print(f"{'p95 in ms':<18}" + "".join(f"{size:>12,}" for size in sizes) + "    growth (log n grows)")
    for name in table[first]:
        grown = [f"{table[s][name] / table[first][name]:.2f} ({math.log(s) / math.log(first):.2f})" for s in sizes[1:]]
        print(f"{name:<18}" + "".join(f"{table[s][name]:>12.2f}" for s in sizes) + "    " + "  ".join(grown))


if __name__ == "__main__":
    main()
