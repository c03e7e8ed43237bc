"""`wetread discordance`: AI in service against what humans signed: PPV, sensitivity, decisions, signs of bias."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl, TextOrJson
from wetread.settings import load_settings


def discordance(
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="first day (UTC); 13 weeks back without")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day after the last one (UTC); now without")
    ] = None,
    reader: Annotated[str | None, typer.Option(help="only this reader; panel is the joined answer")] = None,
    code: Annotated[str | None, typer.Option(help="only this finding, e.g. wr:pneumothorax")] = None,
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="first compare what was signed before comparisons were kept")
    ] = False,
    output: Annotated[TextOrJson, typer.Option("--format", help="how it is written")] = TextOrJson.TEXT,
) -> int:
    """AI against signed reports, by reader, week, finding, scanner and patient group. It names no patient.

    Every share has its n and interval; below 10 it says that there are too few.
    """
    from wetread.wiring.service import open_service

    settings = load_settings()
    service = open_service(settings, data, database)
    from wetread.domain.clinical_data import load_vocabulary
    from wetread.evaluate.discordance import Discordance
    from wetread.evaluate.discordance.as_text import as_text
    from wetread.store.records import to_record
    from wetread.wiring import differing

    try:
        begin, end = (None if day is None else day.replace(tzinfo=UTC) for day in (since, until))
        asked = differing.asked_for(service.now(), since=begin, until=end, reader=reader, code=code)
        terms = load_vocabulary(settings.vocabulary_file).terms
        if catch_up:
            asking = differing.Asking(terms=terms, agreed_share=settings.service.agreed_share)
            added = differing.catch_up(service.database, asked.since, asked.until, asking)
            note(f"{added} reports that were signed before are compared now")
        told = differing.figures_of(service.database, asked, terms)
    finally:
        service.close()
    sys.stdout.write(to_record(Discordance, told) + "\n" if output is TextOrJson.JSON else as_text(told))
    return 0
