"""A worker and an ingest, wired from the service's parts."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.errors import ConfigurationError
from wetread.guard import Guard
from wetread.pipeline import Desk
from wetread.plugins import DESTINATIONS, factory
from wetread.ports import Destination
from wetread.settings import DestinationSettings, Settings
from wetread.wiring.desk import make_desk
from wetread.wiring.equipment import Equipment
from wetread.wiring.names import known_readers
from wetread.wiring.outputs import SUFFIXES, rendered
from wetread.wiring.preparing import imaging_guard
from wetread.wiring.routing import DEFAULT_DESTINATION
from wetread.wiring.service import Service
from wetread.worklist.engine import Engine
from wetread.worklist.house import Bureau, House, Policies
from wetread.worklist.ingest import UNPACKING, Ingest
from wetread.worklist.remembered import Calls
from wetread.worklist.rules import Rules, Site, load_rules
from wetread.worklist.unpacking import Opener
from wetread.worklist.watch import executor_name
from wetread.worklist.worker import Worker

REPORTS = "reports"


def policies(settings: Settings) -> Policies:
    """What decides how soon.

    Raises: ClinicalDataInvalid.
    """
    return Policies(urgency=load_policy(settings.policy_file), waiting=load_worklist_policy(settings.worklist_file))


@contextmanager
def open_ingest(service: Service) -> Iterator[Ingest]:
    """What takes objects out of the spool; headers are parsed in a child process, which ends with it."""
    settings = service.settings
    bureau = Bureau(
        settings=settings,
        database=service.database,
        blobs=service.blobs,
        clock=service.clock,
        policies=policies(settings),
    )
    memory_bytes, timeout_s = settings.memory_limit_bytes, settings.parse_timeout_s
    with Guard(memory_bytes=memory_bytes, timeout_s=timeout_s, warm=("wetread.worklist.looking",)) as guard:
        opener = Opener(guard, service.data_dir / UNPACKING, timeout_s=timeout_s)
        yield Ingest(bureau, service.spool, opener)


@contextmanager
def open_worker(service: Service, stopping: threading.Event | None = None) -> Iterator[Worker]:
    """A worker; pictures are made in a child process, which ends with it.

    Raises: ConfigurationError (readers, destinations), ClinicalDataInvalid (rules, policies).
    """
    settings = service.settings
    with imaging_guard(settings) as guard:
        _warm(guard)
        house = _house(service, guard)
        house.rules()
        executor_id = executor_name(secrets.token_hex(4))
        engine = Engine(service.flow_url, executor_id, studies_at_once=settings.service.flow.studies_at_once)
        yield Worker(house=house, engine=engine, stopping=stopping or threading.Event())


def _warm(guard: Guard) -> None:
    """Start the child beside everything else that starts, so that the first study does not wait for it."""
    warming = partial(guard.call, os.getpid, subject="the child's start")
    threading.Thread(target=warming, daemon=True, name="warming").start()


def destinations_of(settings: Settings, data_dir: Path) -> Mapping[str, Destination]:
    """The configured destinations by name; the folder `reports` of the data folder where none is configured.

    Raises: UnknownPlugin, ConfigurationError.
    """
    named = settings.service.destinations
    if not named:
        named = {DEFAULT_DESTINATION: DestinationSettings(kind="folder", folder=data_dir / REPORTS, format="json")}
    return {name: _destination(name, own) for name, own in named.items()}


def _destination(name: str, own: DestinationSettings) -> Destination:
    build = factory(DESTINATIONS, own.kind)
    if own.kind != "folder":
        built: Destination = build()
        return built
    if own.folder is None:
        raise ConfigurationError(f"service.destinations.{name}: kind folder needs a folder")
    render = partial(rendered, output=own.format)
    folder: Destination = build(own.folder, render=render, suffix=SUFFIXES[own.format])
    return folder


def _house(service: Service, guard: Guard) -> House:
    settings = service.settings
    equipment = Equipment(settings, journal=Calls(service.database, service.clock))
    destinations = destinations_of(settings, service.data_dir)
    rich = any(one.format in {"html", "pdf"} for one in settings.service.destinations.values())

    @cache
    def desk_of(names: tuple[str, ...]) -> Desk:
        output = "html" if rich else "json"
        return make_desk(settings, readers=names, output=output, isolation=guard, equipment=equipment)

    desk_of(())  # what is wrong with the site's readers is said now
    return House(
        settings=settings,
        database=service.database,
        blobs=service.blobs,
        clock=service.clock,
        policies=policies(settings),
        rules=_rules(service, tuple(destinations)),
        desk_of=desk_of,
        knowing=equipment.knowing,
        destinations=destinations,
    )


def _rules(service: Service, destinations: tuple[str, ...]) -> Callable[[], Rules]:
    """The site's rules, read again when their file changes."""
    settings = service.settings
    site = Site(
        default_readers=settings.default_readers, destinations=destinations, readers=tuple(known_readers(settings))
    )

    @cache
    def loaded(path: Path | None, changed_ns: int) -> Rules:  # noqa: ARG001 - a file that changed is another file
        return load_rules(path, site)

    def now() -> Rules:
        path = service.rules_file
        return loaded(path, path.stat().st_mtime_ns if path is not None and path.exists() else 0)

    return now
