"""What all processes of the service share: the data folder, the database, the blobs, the spool, the clock."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.errors import ConfigurationError, MissingExtra
from wetread.intake.spool import Spool
from wetread.ports import Clock
from wetread.settings import Settings

if TYPE_CHECKING:
    from wetread.store.blobs import Blobs
    from wetread.store.database import Database

NEEDED = ("alembic", "argon2", "dbos", "fastapi", "fsspec", "prometheus_client", "pynetdicom", "sqlalchemy", "uvicorn")
NEEDS_EXTRA = "the service needs further packages: pip install 'wetread[server]'"


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts that the processes of one service share."""

    settings: Settings
    data_dir: Path
    database: "Database"
    blobs: "Blobs"
    spool: Spool
    clock: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        """The time now, in UTC."""
        return self.clock.now()

    @property
    def flow_url(self) -> str:
        """Where the flow engine keeps its own tables: a file beside the store's, or the same PostgreSQL."""
        if self.database.is_sqlite:
            return f"sqlite:///{self.data_dir / 'flow.sqlite'}"
        return self.database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def rules_file(self) -> Path | None:
        """The site's routing rules, None where there are none."""
        own = self.settings.service.rules_file
        if own is not None:
            return own
        beside = self.data_dir / "rules.toml"
        return beside if beside.exists() else None

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def check_extra() -> None:
    """Whether the service can run at all.

    Raises: MissingExtra.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingExtra(NEEDS_EXTRA)


def service_settings(settings: Settings, data_dir: Path | None, database: str | None) -> Settings:
    """The settings with what the command line says of the data folder and the database."""
    service = settings.service if database is None else settings.service.model_copy(update={"database": database})
    return settings.model_copy(update={"data_dir": (data_dir or settings.data_dir).absolute(), "service": service})


def open_service(settings: Settings, data_dir: Path | None = None, database: str | None = None) -> Service:
    """The service's parts; what does not exist yet is made, an older database is brought up to date.

    Raises: MissingExtra, ConfigurationError (database, blobs, a newer schema), StoreUnavailable.
    """
    check_extra()
    from wetread.store.blobs import open_blobs
    from wetread.store.database import Database, store_url
    from wetread.store.schema import migrate

    settings = service_settings(settings, data_dir, database)
    data = settings.data_dir
    try:
        for folder in (data, data / "spool"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise ConfigurationError(f"{data}: the data folder can't be made ({problem.strerror})") from None
    opened = Database(store_url(settings.service.database, data))
    migrate(opened)
    return Service(
        settings=settings,
        data_dir=data,
        database=opened,
        blobs=open_blobs(settings.service.blobs, data / "blobs"),
        spool=Spool(data / "spool"),
    )
