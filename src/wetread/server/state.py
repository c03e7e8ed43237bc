"""What every route stands on: the service's parts, as `ground_of(request)` gives them."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Protocol

from starlette.requests import HTTPConnection

from wetread.intake.spool import Spool
from wetread.ports import Clock
from wetread.settings import ServiceSettings, Settings
from wetread.store.blobs import Blobs
from wetread.store.database import Database


class Parts(Protocol):
    """What the API needs of a service; `wiring.service.Service` is one."""

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
    def blobs(self) -> Blobs:
        """The store's objects."""
        ...

    @property
    def spool(self) -> Spool:
        """Where objects that come in are put."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...

    @property
    def rules_file(self) -> Path | None:
        """The site's routing rules, None where there are none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One process' service behind all its routes. `closing` is set when the process is to end."""

    service: Parts
    closing: Event = field(default_factory=Event)

    @property
    def database(self) -> Database:
        """The store's tables."""
        return self.service.database

    @property
    def blobs(self) -> Blobs:
        """The store's objects."""
        return self.service.blobs

    @property
    def spool(self) -> Spool:
        """Where objects that come in are put."""
        return self.service.spool

    @property
    def settings(self) -> ServiceSettings:
        """The settings of the service; those of the whole site are `service.settings`."""
        return self.service.settings.service

    def now(self) -> datetime:
        """The time, with its zone."""
        return self.service.clock.now()


def ground_of(request: HTTPConnection) -> Ground:
    """The ground that the app of this request stands on."""
    ground: Ground = request.app.state.ground
    return ground


def address_of(request: HTTPConnection) -> str | None:
    """The caller's address as the connection says it: a forwarding header of the caller's own making is no proof."""
    return request.client.host if request.client else None
