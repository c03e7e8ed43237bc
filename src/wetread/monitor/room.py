"""The parts of the service that are watched, and the room left where objects are kept."""

import shutil
from pathlib import Path
from typing import Protocol

from wetread.intake.spool import Spool
from wetread.ports import Clock
from wetread.settings import Settings
from wetread.store.database import Database


class Parts(Protocol):
    """What watching needs of a service; `wiring.service.Service` is one."""

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        ...

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        ...

    @property
    def database(self) -> Database:
        """The store's tables."""
        ...

    @property
    def spool(self) -> Spool:
        """Where objects that come in are put."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...


def free_bytes(parts: Parts) -> dict[str, int]:
    """The room left by place; the blobs are named only where they lie on another file system than the spool."""
    found = {"spool": parts.spool.free_bytes()}
    blobs = parts.data_dir / "blobs"
    here = parts.settings.service.blobs is None and blobs.is_dir()
    if here and blobs.stat().st_dev != parts.spool.root.stat().st_dev:
        found["blobs"] = shutil.disk_usage(blobs).free
    return found
