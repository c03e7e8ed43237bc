"""`wetread daily`: the report of a day: completed, critical, failures, turnaround, spend, head of the audit."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from wetread.cli.options import Data, DatabaseUrl, TextOrJson
from wetread.settings import load_settings


def daily(
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="the day, by this machine's clock; yesterday without"),
    ] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="how it is written")] = TextOrJson.TEXT,
) -> int:
    """What one day brought, for the people who run the site. It names no patient."""
    from wetread.wiring.service import open_service

    service = open_service(load_settings(), data, database)
    from wetread.monitor.daily import as_json, as_text, gather

    now = datetime.now(UTC)
    wanted = day.date() if day is not None else (now.astimezone() - timedelta(days=1)).date()
    try:
        stale_s = service.settings.service.flow.stale_after_s
        found = gather(service.database, wanted, zone=None, now=now, stale_after_s=stale_s)
    finally:
        service.close()
    sys.stdout.write(json.dumps(as_json(found), indent=2) + "\n" if output is TextOrJson.JSON else as_text(found))
    return 0
