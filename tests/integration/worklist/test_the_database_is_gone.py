"""PostgreSQL refuses everybody for a while, in the middle of reading: nothing is lost, nothing is done twice."""

import os
import time

import psycopg
import pytest
from integration_worklist_processes import Running, until
from sqlalchemy.engine import make_url

GONE_S = 60 if os.environ.get("WETREAD_MEASURE") == "full" else 4


@pytest.fixture
def running(databases, tmp_path):
    service = Running(tmp_path, databases("postgresql"))
    service.ready(service.start("ingest", wait=False))
    service.start("work")
    yield service
    service.stop()


def test_a_database_that_is_gone_for_a_while_loses_nothing(running, postgres_url):
    name = make_url(running.database_url).database
    running.say(hang=["two"])
    running.send("a")
    until(lambda: [reader for reader, _ in running.count("asked")].count("two") == 1)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        running.say()  # the reader answers while nobody can write it down
        running.send("b", study="2")
        time.sleep(GONE_S)
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    running.service.database.engine.dispose()
    until(lambda: [one["status"] for one in running.studies()] == ["reported"] * 2, seconds=90)
    until(lambda: len(running.deliveries(state="delivered")) == 2, seconds=90)
    assert set(running.count("answered").values()) == {1}
    assert set(running.count("delivered").values()) == {1}
    assert all(process.poll() is None for process in running.processes)
    assert running.jobs(state="failed") == []
