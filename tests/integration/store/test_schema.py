"""The schema is made by migrations alone, and they make what the code expects."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from databases import both
from wetread.errors import ConfigurationError
from wetread.store.database import Database, store_url
from wetread.store.schema import migrate, newest_version, schema_version
from wetread.store.tables import metadata


@pytest.fixture
def empty(database_kind, databases, tmp_path):
    opened = Database(store_url(databases(database_kind, empty=True), tmp_path))
    yield opened
    opened.close()


def test_migrations_make_the_tables_that_the_code_knows(empty):
    migrate(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_comparison_sees_a_column_that_a_migration_forgot(empty):
    migrate(empty)
    with empty.write() as connection:
        connection.execute(text("ALTER TABLE studies DROP COLUMN indication"))
    with empty.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_store_that_is_new_enough_is_left_alone(empty):
    assert schema_version(empty) is None
    migrate(empty)
    migrate(empty)
    assert schema_version(empty) == newest_version()


@both
def test_processes_that_start_at_once_migrate_once(kind, databases, tmp_path):
    url = databases(kind, empty=True)

    def start(_):
        opened = Database(store_url(url, tmp_path))
        migrate(opened)
        version = schema_version(opened)
        opened.close()
        return version

    with ThreadPoolExecutor(4) as starters:
        assert list(starters.map(start, range(4))) == [newest_version()] * 4


def test_a_store_of_a_newer_software_is_refused_with_what_to_do(empty):
    migrate(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=r"'9999', made by a newer wetread.*restore a backup"):
        migrate(empty)


def test_somebody_elses_database_is_not_touched(empty):
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE users (name TEXT)"))
    with pytest.raises(ConfigurationError, match="'users' that wetread did not make"):
        migrate(empty)
    assert inspect(empty.engine).get_table_names() == ["users"]
