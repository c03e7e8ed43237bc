"""`wetread fetch`: take studies from the configured sources into the spool, once or again and again."""

import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import complain, complain_of, note
from wetread.cli.options import Data, DatabaseUrl
from wetread.errors import ConfigurationError, ServiceError
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.intake.sources.look import Fetched, Fetcher


def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="sources of wetread.toml; all of them without")] = None,
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    check: Annotated[bool, typer.Option("--check", help="only ask whether each source answers")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="go on until stopped, each source at its own pace")] = False,
) -> int:
    """Take new studies from watched folders, DICOMweb servers and DICOM nodes, and orders from modality worklists.

    The running service does this by itself. Exit code 1: a source could not be fetched from, or not wholly.
    """
    from wetread.wiring.service import check_extra, open_service

    check_extra()
    from wetread.worklist import fetching

    settings = load_settings()
    chosen = tuple(names or sorted(settings.service.sources))
    if not chosen:
        raise ConfigurationError("no source is configured; add [service.sources.NAME] to wetread.toml")
    if check:
        return max(_tried(partial(_check, fetching.open_source(name, settings.service))) for name in chosen)
    service = open_service(settings, data, database)
    try:
        if loop:
            _until_stopped(lambda stop: fetching.fetch_all(chosen, service, stop=stop))
            return 0
        return max(_tried(partial(_once, name, partial(fetching.fetch_once, name, service))) for name in chosen)
    finally:
        service.close()


def _check(source: "Fetcher") -> int:
    source.check()
    note(f"{source.name}: answers")
    return 0


def _once(name: str, look: "Callable[[], Fetched]") -> int:
    """Look, and say what came of it; 1 where something failed."""
    fetched = look()
    still = f", {fetched.waiting} still to come" if fetched.waiting else ""
    note(f"{name}: {fetched.taken} {fetched.what} taken{still}")
    complain_of(fetched.failures)
    return 1 if fetched.failures else 0


def _tried(work: Callable[[], int]) -> int:
    """Do it; one source that fails must not keep the others from being asked."""
    try:
        return work()
    except ServiceError as problem:
        complain(str(problem))
        return 1


def _until_stopped(start: Callable[[threading.Event], list[threading.Thread]]) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = start(stop)
    note(f"fetching from {len(threads)} sources")
    stop.wait()
    for thread in threads:
        thread.join(timeout=10)
