"""`wetread serve`: listener, ingest, worker and API of one machine, each in a process of its own."""

from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.settings import load_settings, settings_file


def serve(
    *,
    data: Data = None,
    http: Annotated[str | None, typer.Option("--http", help="HOST:PORT of the API and the pages")] = None,
    dicom: Annotated[str | None, typer.Option("--dicom", help="HOST:PORT of the DICOM listener")] = None,
    database: DatabaseUrl = None,
    workers: Annotated[int, typer.Option("--workers", min=0, help="worker processes of this machine")] = 1,
) -> int:
    """Run the whole service on this machine: take studies in, read them, keep the worklist.

    The first start makes what it needs in the data folder. Each listener says one line on stderr when it is ready;
    while nobody has an account, the address of the setup page and its code follow.
    """
    from wetread.wiring.processes import Crew, Process, host_and_port
    from wetread.wiring.service import open_service

    service = open_service(load_settings(), data, database)
    settings = service.settings
    service.close()
    at = {
        "http": host_and_port(http or settings.service.http, "--http"),
        "dicom": host_and_port(dicom or settings.service.dicom, "--dicom"),
    }
    common = ["--data", str(settings.data_dir)]
    if settings_file().exists():
        common += ["--config", str(settings_file().absolute())]
    database_url = settings.service.database
    secret = {} if database_url is None else {"WETREAD_SERVICE__DATABASE": database_url}
    place = {name: f"{host}:{port}" for name, (host, port) in at.items()}
    listening = ("listen", "--dicom", place["dicom"], "--processes", "1", *common)
    crew = Crew(
        (
            *(Process(f"listener {n + 1}", listening) for n in range(settings.service.listener.processes)),
            Process("ingest", ("ingest", *common), secret),
            *(Process(f"worker {n + 1}", ("work", *common), secret) for n in range(workers)),
            *([Process("hl7", ("hl7", *common), secret)] if settings.service.hl7.listen else []),
            Process("http", ("http", "--http", place["http"], *common), secret),
        )
    )
    note(f"data in {settings.data_dir}; research use only, AI preliminary, not for diagnosis")
    return crew.run()
