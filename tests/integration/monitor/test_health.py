import shutil
from datetime import UTC, datetime

import pytest

from wetread.monitor.health import is_ready, ready
from wetread.settings import Settings
from wetread.store.blobs import open_blobs
from wetread.store.database import Database, store_url

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def whole(parts, tmp_path):
    parts.blobs = open_blobs(None, tmp_path / "blobs")
    return parts


def bad(parts):
    checks = ready(parts)
    return {check.name for check in checks if not check.well}, is_ready(checks)


def test_a_whole_service_is_ready_and_leaves_nothing_behind(whole, site):
    site.worker(seen_at=NOW)
    assert bad(whole) == (set(), True)
    assert list(whole.blobs.all()) == []


def test_without_a_worker_it_takes_studies_in_and_says_so(whole):
    assert bad(whole) == ({"workers"}, True)


def test_without_room_it_is_not_ready(whole):
    whole.settings = Settings(service={"listener": {"min_free_bytes": 1 << 60}})
    assert bad(whole) == ({"spool", "workers"}, False)


def test_without_its_database_it_is_not_ready(whole, tmp_path):
    whole.database = Database(store_url("postgresql://nobody@127.0.0.1:1/none", tmp_path))
    assert bad(whole) == ({"database"}, False)


def test_an_older_schema_is_not_ready(whole, databases, database_kind, tmp_path):
    whole.database = Database(store_url(databases(database_kind, empty=True), tmp_path))
    assert bad(whole) == ({"schema"}, False)


def test_blobs_that_cannot_be_written_are_not_ready(whole, tmp_path):
    shutil.rmtree(tmp_path / "blobs", ignore_errors=True)
    (tmp_path / "blobs").write_text("a file where the folder should be")
    assert "blobs" in bad(whole)[0]
