"""The connection to the store: SQLite in a file, or PostgreSQL. One code for both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from wetread.errors import ConfigurationError, StoreUnavailable

BUSY_MS = 30_000


def store_url(database: str | None, data_dir: Path) -> URL:
    """Where the store is: what the site named, else a file in the data folder.

    Raises: ConfigurationError for anything but SQLite and PostgreSQL.
    """
    if database is None:
        return URL.create("sqlite", database=str(data_dir / "wetread.sqlite"))
    try:
        url = make_url(database)
    except ArgumentError:
        raise ConfigurationError("the database URL can't be parsed; write postgresql://user@host/name") from None
    kind = url.get_backend_name()
    if kind not in {"postgresql", "sqlite"}:
        raise ConfigurationError(f"the database {kind!r} is not supported; use postgresql:// or sqlite:///")
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


class Database:
    """An engine whose failures to connect are told as StoreUnavailable. Threads and processes may share the file."""

    def __init__(self, url: URL, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine = _sqlite(url) if self.is_sqlite else _postgres(url, pool_size)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only looks.

        Raises: StoreUnavailable.
        """
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it or nothing. On SQLite it holds the write lock from the start.

        Raises: StoreUnavailable.
        """
        with _told(), self.engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as problem:
        raise StoreUnavailable(f"the database does not answer ({_first_line(problem)}); it is tried again") from problem
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise StoreUnavailable("the connection to the database broke; it is tried again") from problem
        raise


def _first_line(problem: DBAPIError) -> str:
    return str(problem.orig).partition("\n")[0][:200]


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `write` says so
        for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_MS}", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres(url: URL, pool_size: int) -> Engine:
    return create_engine(
        url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, connect_args={"connect_timeout": 5}
    )
