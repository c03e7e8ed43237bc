"""`wetread http`: the API process of the service; `wetread serve` starts it."""

from typing import Annotated

import typer

from wetread import __version__
from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line
from wetread.domain.audit import Action
from wetread.settings import load_settings


def http(
    *,
    data: Data = None,
    address: Annotated[str | None, typer.Option("--http", help="HOST:PORT of the API and the pages")] = None,
    database: DatabaseUrl = None,
) -> int:
    """Answer the API and DICOMweb until stopped."""
    from wetread.wiring.processes import end_with_parent, host_and_port
    from wetread.wiring.service import check_extra, open_service

    check_extra()
    from wetread.server.app import create_app
    from wetread.server.serving import hosts_for, listen_on, serve_app
    from wetread.server.setup import invite
    from wetread.store import audit

    end_with_parent()
    settings = load_settings()
    host, port = host_and_port(address or settings.service.http, "--http")
    service = open_service(settings, data, database)
    try:
        listening = listen_on(host, port)
        shown = f"[{host}]" if ":" in host else host
        where = f"http://{shown}:{listening.getsockname()[1]}"
        app = create_app(service, hosts=hosts_for(host, service.settings.service.public_url))
        code = invite(app)

        def ready() -> None:
            note(f"serving {where}")
            if code is not None:
                note(f"setup {service.settings.service.public_url or where}/setup with code {code}")

        audit.append(service.database, now=service.now(), **console_line(Action.START, f"wetread {__version__}"))
        serve_app(app, listening, ready=ready)
        audit.append(service.database, now=service.now(), **console_line(Action.STOP, f"wetread {__version__}"))
    finally:
        service.close()
    return 0
