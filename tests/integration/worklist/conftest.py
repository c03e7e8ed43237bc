"""One running service a database kind for all tests of a module: processes are slow to start."""

import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # what the tests of this folder share

from integration_worklist_office import Office
from integration_worklist_processes import Running


@pytest.fixture
def office(database, tmp_path):
    """Ingest and store in this process, on both kinds of database."""
    return Office(database, tmp_path)


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def running(request, tmp_path_factory):
    """A service with an ingest and a worker under way, on both kinds of database."""
    url = None
    if request.param == "postgresql":
        url = _new_database(request.getfixturevalue("postgres_url"))
    service = Running(tmp_path_factory.mktemp(request.param), url, more=getattr(request.module, "MORE", ""))
    rules = getattr(request.module, "RULES", None)
    if rules:
        (service.data / "rules.toml").write_text(rules)
    ingest, worker = service.start("ingest", wait=False), service.start("work", wait=False)
    service.ready(ingest)
    service.ready(worker)
    service.kind, service.ingest, service.worker = request.param, ingest, worker
    yield service
    service.stop()


def _new_database(server):
    import psycopg
    from sqlalchemy.engine import make_url

    name = f"wetread_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)
