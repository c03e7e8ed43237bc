"""The schema of the store: made and brought up to date by migrations that are part of the package."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from wetread.errors import ConfigurationError
from wetread.store.database import Database
from wetread.store.tables import metadata

FOLDER = Path(__file__).with_name("migrations")
LOCK = 0x77657472  # of this software's migrations, among PostgreSQL's advisory locks


def migrate(database: Database, *, to: str = "head") -> None:
    """Bring the store to this software's schema; an empty one is made.

    Several processes may call it at once: one migrates, the others wait for it. All of it happens or nothing.
    Raises: ConfigurationError if a newer software made the store, or if the database belongs to something else;
    StoreUnavailable.
    """
    scripts = _scripts()
    _refuse_unknown(scripts, to)
    if schema_version(database) == scripts.as_revision_number(to):
        return
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _refuse_foreign(connection, scripts)
        environment = EnvironmentContext(
            Config(),
            scripts,
            fn=lambda revision, _: scripts._upgrade_revs(to, revision),  # as alembic.command does
            destination_rev=to,
        )
        environment.configure(connection=connection, target_metadata=metadata)
        environment.run_migrations()


def schema_version(database: Database) -> str | None:
    """The revision that the store is at; None where it was never made.

    Raises: StoreUnavailable.
    """
    with database.read() as connection:
        return revision_of(connection)


def newest_version() -> str:
    """The revision that this software works with."""
    newest = _scripts().get_current_head()
    assert newest is not None
    return newest


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def revision_of(connection: Connection) -> str | None:
    """The revision that the store behind a connection is at."""
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_foreign(connection: Connection, scripts: ScriptDirectory) -> None:
    revision = revision_of(connection)
    if revision is None:
        if strangers := sorted(set(inspect(connection).get_table_names()) & set(metadata.tables)):
            raise ConfigurationError(
                f"the database holds a table {strangers[0]!r} that wetread did not make; give it a database of its own"
            )
        return
    _refuse_unknown(scripts, revision)


def _refuse_unknown(scripts: ScriptDirectory, revision: str) -> None:
    try:
        scripts.get_revision(revision)
    except CommandError:
        raise ConfigurationError(
            f"the store has schema {revision!r}, made by a newer wetread; this one knows {newest_version()!r}: "
            "start that newer version again, or restore a backup of before into an empty store"
        ) from None
