"""`wetread listen`: take objects from DICOM senders into the spool of a data folder. No database is needed."""

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data
from wetread.errors import MissingExtra
from wetread.settings import ListenerSettings, load_settings, settings_file

GRACE_S = 5.0


def listen(
    *,
    data: Data = None,
    dicom: Annotated[str | None, typer.Option("--dicom", help="HOST:PORT to listen on")] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, max=64, help="processes that share the port; else the setting")
    ] = None,
    share_port: Annotated[
        bool, typer.Option("--share-port", help="let other listeners of this data folder have the port too")
    ] = False,
) -> int:
    """Listen for DICOM (C-STORE, C-ECHO). An object is safe in the spool before its sender is told so.

    Each process says one line on stderr when it is ready.
    """
    from wetread.wiring.processes import Crew, Process, host_and_port

    settings = load_settings()
    listener = settings.service.listener
    folder = (data or settings.data_dir).absolute()
    host, port = host_and_port(dicom or settings.service.dicom, "--dicom")
    wanted = listener.processes if processes is None else processes
    if wanted == 1:
        # a port that others listen on is shared only where the settings or the command say that there are others
        return _listen(folder / "spool", listener, (host, port), shares=share_port or listener.processes > 1)
    words = ["listen", "--data", str(folder), "--dicom", f"{host}:{port}", "--processes", "1", "--share-port"]
    if settings_file().exists():
        words += ["--config", str(settings_file().absolute())]
    return Crew(tuple(Process(f"listener {n + 1}", tuple(words)) for n in range(wanted))).run()


def _listen(root: Path, settings: ListenerSettings, address: tuple[str, int], *, shares: bool) -> int:
    from wetread.intake.spool import Spool
    from wetread.wiring.processes import end_with_parent

    try:
        from wetread.intake.listener import Listener
    except ModuleNotFoundError as problem:
        raise MissingExtra(f"listening needs {problem.name}: pip install 'wetread[server]'") from None
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = Listener(Spool(root), settings, (address[0].strip("[]"), address[1]), shares_port=shares)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    end_with_parent()
    listener.start()
    host, port = listener.address
    note(f"listening for DICOM on {f'[{host}]' if ':' in host else host}:{port} as AE {settings.ae_title}")
    sys.stderr.flush()
    stopping.wait()
    listener.stop(GRACE_S)
    return 0
