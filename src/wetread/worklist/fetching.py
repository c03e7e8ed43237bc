"""Sources are looked at again and again; what is new goes to the spool, as if it had been sent."""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from wetread.domain.clinical_data import load_policy, load_worklist_policy
from wetread.errors import ConfigurationError, Conflict, ServiceError
from wetread.intake.sources.dicomweb import DicomwebServer
from wetread.intake.sources.look import Fetched, Fetcher, Surroundings
from wetread.intake.sources.memory import Memory, alone
from wetread.intake.sources.modality_worklist import ModalityWorklist
from wetread.intake.sources.node_link import Link
from wetread.intake.sources.nodes import DicomNode
from wetread.intake.sources.watched import WatchedFolder
from wetread.intake.sources.web_client import WebClient
from wetread.intake.spool import Spool
from wetread.ports import Clock
from wetread.settings import ServiceSettings, Settings, SourceSettings
from wetread.store.database import Database
from wetread.store.holdings import Holdings
from wetread.worklist.completeness import expect
from wetread.worklist.house import Policies
from wetread.worklist.matching_rows import Ground
from wetread.worklist.taking_orders import keep_order

log = structlog.wrap_logger(logging.getLogger("wetread.fetching"))
LONGEST_PAUSE_S = 120.0
FOLDER = "sources"  # in the data folder: what each source remembers


class Parts(Protocol):
    """What fetching needs of a service; `wiring.service.Service` is one."""

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


def open_source(name: str, settings: ServiceSettings) -> Fetcher:
    """The source that the settings call `name`.

    Raises: ConfigurationError naming the source and the setting.
    """
    if name not in settings.sources:
        known = ", ".join(sorted(settings.sources)) or "none"
        raise ConfigurationError(f"no source called {name!r} in [service.sources]; there are: {known}")
    source = settings.sources[name]
    if source.kind == "folder":
        return WatchedFolder(name, _wanted(name, source, "folder"), settle_s=source.settle_s)
    if source.kind == "dicomweb":
        url = _wanted(name, source, "url")
        client = WebClient(name, url, token_env=source.token_env, timeout_s=source.timeout_s)
        return DicomwebServer(
            name,
            client,
            look_back_days=source.look_back_days,
            modalities=source.modalities,
            every_s=source.every_s,
        )
    link = Link(
        name,
        (_wanted(name, source, "host"), _wanted(name, source, "port")),
        ae_title=_wanted(name, source, "ae_title"),
        our_ae_title=settings.listener.ae_title,
        timeout_s=source.timeout_s,
    )
    if source.kind == "modality_worklist":
        return ModalityWorklist(name, link, modalities=source.modalities)
    return DicomNode(
        name,
        link,
        retrieve=source.retrieve,
        look_back_days=source.look_back_days,
        modalities=source.modalities,
        every_s=source.every_s,
    )


def fetch_once(name: str, parts: Parts, *, stop: threading.Event | None = None) -> Fetched:
    """One look at a source; a watched folder is looked at until its files have settled.

    Raises: ConfigurationError, SourceUnavailable, StoreUnavailable; Conflict while another process asks the source.
    """
    stop = stop or threading.Event()
    source, settings = open_source(name, parts.settings.service), parts.settings.service.sources[name]
    _check_place(name, settings, parts)
    with alone(_lock(name, parts), name):
        memory = _memory(name, parts)
        try:
            first = source.look(_around(name, parts, memory, stop))
            if settings.kind != "folder" or not first.waiting or stop.wait(settings.settle_s):
                return first
            second = source.look(_around(name, parts, memory, stop))
        finally:
            memory.close()
    return replace(second, taken=first.taken + second.taken)


def keep_fetching(name: str, parts: Parts, *, stop: threading.Event) -> None:
    """Look at a source every `every_s` until stopped. What fails is logged and tried again, ever more slowly.

    Raises: ConfigurationError; Conflict while another process asks the source.
    """
    source, settings = open_source(name, parts.settings.service), parts.settings.service.sources[name]
    _check_place(name, settings, parts)
    with alone(_lock(name, parts), name):
        memory = _memory(name, parts)
        failed = 0
        try:
            while not stop.is_set():
                failed = 0 if _look(source, _around(name, parts, memory, stop)) else failed + 1
                stop.wait(min(LONGEST_PAUSE_S, settings.every_s * 2 ** min(failed, 10)))
        finally:
            memory.close()


def fetch_all(names: Iterable[str], parts: Parts, *, stop: threading.Event) -> list[threading.Thread]:
    """Keep fetching from several sources, each in a thread of its own; one that is asked elsewhere is waited for.

    Raises: ConfigurationError before anything is started.
    """
    names = tuple(names)
    for name in names:
        open_source(name, parts.settings.service)
        _check_place(name, parts.settings.service.sources[name], parts)
    threads = [
        threading.Thread(target=_in_turn, args=(name, parts, stop), name=f"fetch {name}", daemon=True) for name in names
    ]
    for thread in threads:
        thread.start()
    return threads


def _in_turn(name: str, parts: Parts, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            keep_fetching(name, parts, stop=stop)
        except Conflict:
            stop.wait(parts.settings.service.sources[name].every_s)
        except Exception as problem:  # noqa: BLE001 - the thread's edge: one source must not end for good
            log.error("source broke", source=name, problem=type(problem).__name__)
            stop.wait(LONGEST_PAUSE_S)


def _look(source: Fetcher, around: Surroundings) -> bool:
    """One look, with what came of it in the log; whether it worked. Failures are counted: they may name files."""
    began = time.monotonic()
    try:
        fetched = source.look(around)
    except (ServiceError, OSError) as problem:
        text = str(problem) if isinstance(problem, ServiceError) else problem.strerror
        log.warning("source can't be fetched from", source=source.name, problem=text)
        return False
    if fetched.taken or fetched.failures:
        log.info(
            "fetched",
            source=source.name,
            objects=fetched.taken,
            waiting=fetched.waiting,
            failed=len(fetched.failures),
            s=round(time.monotonic() - began, 3),
        )
    return True


def _around(name: str, parts: Parts, memory: Memory, stop: threading.Event) -> Surroundings:
    """Raises: ClinicalDataInvalid (the policies that say how soon)."""
    listener, ground = parts.settings.service.listener, _ground(parts.settings)
    return Surroundings(
        spool=parts.spool,
        memory=memory,
        now=parts.clock.now,
        holdings=Holdings(parts.database),
        expect=lambda study_uid, objects: expect(
            parts.database,
            study_uid,
            objects,
            name,
            settings=parts.settings.service.completeness,
            now=parts.clock.now(),
        ),
        keep_order=lambda ordered: keep_order(parts.database, ordered, ground, now=parts.clock.now()),
        stopping=stop.is_set,
        min_free_bytes=listener.min_free_bytes,
        max_object_bytes=listener.max_object_bytes,
    )


def _ground(settings: Settings) -> Ground:
    policies = Policies(urgency=load_policy(settings.policy_file), waiting=load_worklist_policy(settings.worklist_file))
    return Ground(settings=settings.service.matching, policies=policies)


def _memory(name: str, parts: Parts) -> Memory:
    return Memory(parts.data_dir / FOLDER / f"{_file_name(name)}.sqlite")


def _lock(name: str, parts: Parts) -> Path:
    return parts.data_dir / FOLDER / f"{_file_name(name)}.lock"


def _file_name(name: str) -> str:
    """A source's name as a file name: letters, digits and dashes stay."""
    return "".join(letter if letter.isalnum() or letter == "-" else f"_{ord(letter):x}_" for letter in name)


def _wanted(name: str, source: SourceSettings, field: str) -> Any:  # noqa: ANN401 - the field's own type
    value = getattr(source, field)
    if value is None:
        raise ConfigurationError(f"source {name!r} of kind {source.kind} needs {field!r} in [service.sources.{name}]")
    return value


def _check_place(name: str, source: SourceSettings, parts: Parts) -> None:
    """Raises: ConfigurationError for a watched folder that holds our own data, or lies in it."""
    if source.kind != "folder" or source.folder is None:
        return
    watched, own = source.folder.resolve(), parts.data_dir.resolve()
    if watched.is_relative_to(own) or own.is_relative_to(watched):
        raise ConfigurationError(f"source {name!r}: its folder and the data folder lie in each other; part them")
