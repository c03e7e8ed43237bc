"""`wetread send`: a study's report goes to a destination, once more where it went there before."""

from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line
from wetread.domain.audit import Action
from wetread.errors import NotFound
from wetread.settings import load_settings


def send(
    study: Annotated[str, typer.Argument(help="study: its id or reference here, or its Study Instance UID")],
    *,
    to: Annotated[str, typer.Option("--to", help="destination of wetread.toml")],
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Send the report that stands; a running worker hands it over.

    A destination that shows that it has the report already is not given it twice.
    """
    from wetread.store.audit import append_in
    from wetread.store.deliveries import send as promise
    from wetread.store.listing import named
    from wetread.wiring.routing import destination_names
    from wetread.wiring.service import open_service

    service = open_service(load_settings(), data, database)
    try:
        if to not in destination_names(service.settings):
            known = ", ".join(destination_names(service.settings))
            raise NotFound(f"there is no destination {to!r}; there are: {known}")
        with service.database.write() as connection:
            row = named(connection, study)
            report_id = promise(connection, row["study_id"], to, now=service.now())
            line = console_line(Action.SEND, f"study/{row['study_id']}")
            told = {"destination": to, "report": report_id}
            append_in(connection, now=service.now(), line=line, data=told)
    finally:
        service.close()
    note(f"report {report_id} of {row['ref']} goes to {to}; `wetread jobs list` tells how it went")
    return 0
