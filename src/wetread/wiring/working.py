"""A worker and an ingest, wired from the service's parts."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.guard import Guard
from wetread.intake.ehr import open_context
from wetread.pipeline import Desk
from wetread.settings import Settings
from wetread.wiring.desk import make_desk
from wetread.wiring.destinations import destinations_of, want_pictures
from wetread.wiring.drifting import Drifting
from wetread.wiring.equipment import Equipment
from wetread.wiring.lineup import places_of
from wetread.wiring.names import known_readers
from wetread.wiring.places import Places
from wetread.wiring.preparing import imaging_guard
from wetread.wiring.service import Service
from wetread.wiring.shadows import shadowing
from wetread.worklist.engine import Engine
from wetread.worklist.house import Bureau, House, Policies
from wetread.worklist.ingest import UNPACKING, Ingest
from wetread.worklist.remembered import Calls
from wetread.worklist.rules import Rules, Site, load_rules
from wetread.worklist.unpacking import Opener
from wetread.worklist.watch import executor_name
from wetread.worklist.worker import Worker


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
        stopping = stopping or threading.Event()
        drifting = Drifting(service, guard, stopping)
        worker = Worker(house=house, engine=engine, more_chores=(drifting.chore(),), stopping=stopping)
        with shadowing(service, house, guard, worker):
            yield worker


def _warm(guard: Guard) -> None:
    """Start the child beside everything else that starts, so that the first study does not wait for it."""
    warming = partial(guard.call, os.getpid, subject="the child's start")
    threading.Thread(target=warming, daemon=True, name="warming").start()


def _house(service: Service, guard: Guard) -> House:
    settings = service.settings
    equipment = Equipment(settings, journal=Calls(service.database, service.clock))
    destinations = destinations_of(settings, service.data_dir, service.clock)
    output = "html" if want_pictures(settings) else "json"

    @cache
    def made(names: tuple[str, ...], places: Places) -> Desk:
        return make_desk(settings, readers=names, output=output, isolation=guard, equipment=equipment, places=places)

    making = threading.Lock()

    def desk_of(names: tuple[str, ...]) -> Desk:
        """Who stands in whose place is looked up at each read: a promotion or a rollback holds from the next one on."""
        places = places_of(service.database, equipment)
        with making:
            return made(names, places)

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
        context=open_context(settings.service.context) if settings.service.context else None,
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
