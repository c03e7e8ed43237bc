"""`wetread backup` and `wetread restore`: the whole store in one file, and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.errors import ConfigurationError
from wetread.settings import load_settings

SPOOL = "spool"
UNFINISHED = ".part"


def backup(
    *,
    to: Annotated[Path, typer.Option("--to", help="file to write, e.g. wetread.tar", dir_okay=False)],
    data: Data = None,
    database: DatabaseUrl = None,
    blobs: Annotated[bool, typer.Option("--blobs/--no-blobs", help="with the stored objects, or rows alone")] = True,
) -> None:
    """Write the store into one file, as it stands at this moment; the service may be running."""
    from datetime import UTC, datetime

    from wetread import __version__
    from wetread.store.backup import write_backup
    from wetread.store.blobs import open_blobs
    from wetread.store.database import Database, store_url
    from wetread.wiring.service import check_extra, service_settings

    check_extra()
    settings = service_settings(load_settings(), data, database)
    folder, service = settings.data_dir, settings.service
    url = store_url(service.database, folder)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise ConfigurationError(f"{folder}: there is no store to back up; name its folder with --data")
    opened = Database(url)  # as it is: an older schema is backed up before it is migrated
    try:
        there = open_blobs(service.blobs, folder / "blobs") if blobs else None
        files = dict(_files(folder, service.rules_file))
        made = write_backup(opened, there, to, files=files, software=__version__, now=datetime.now(UTC))
    finally:
        opened.close()
    absent = f", {made.blobs_absent} objects no longer kept" if made.blobs_absent else ""
    note(f"{to}: {made.rows} rows, {made.blobs} objects{absent}, {len(made.files)} files, schema {made.schema}")


def restore(
    file: Annotated[Path, typer.Argument(help="a file that `wetread backup` wrote", exists=True, dir_okay=False)],
    *,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make a store from a backup, in an empty data folder or database; the service must not be running there."""
    from datetime import UTC, datetime

    from wetread.errors import RecordInvalid
    from wetread.store.audit import verify
    from wetread.store.blobs import open_blobs
    from wetread.store.database import Database, store_url
    from wetread.store.restore import restore_backup
    from wetread.wiring.service import check_extra, service_settings

    check_extra()
    settings = service_settings(load_settings(), data, database)
    folder = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    opened = Database(store_url(settings.service.database, folder))
    try:
        blobs = open_blobs(settings.service.blobs, folder / "blobs")
        made = restore_backup(file, opened, blobs, folder=folder, now=datetime.now(UTC))
        _close_spool(folder / SPOOL)
        verdict = verify(opened)
    finally:
        opened.close()
    if not verdict.whole:
        raise RecordInvalid(f"restored, but its audit was changed before the backup: {verdict.why}")
    without = "" if made.with_blobs else "; it holds no objects: put the blobs back where they were"
    note(f"{made.rows} rows and {made.blobs} objects of {made.made_at:%Y-%m-%d %H:%M} UTC in {folder}{without}")
    note(f"the audit is whole: {verdict.lines} lines, head {verdict.head}")


def _files(data_dir: Path, rules_file: Path | None) -> Iterator[tuple[str, Path]]:
    """The site's rules, and what has come and is not in the store yet."""
    rules = rules_file or data_dir / "rules.toml"
    if rules.is_file():
        yield "rules.toml", rules
    for path in sorted((data_dir / SPOOL).glob("*/*")):
        if path.is_file() and path.suffix != UNFINISHED:
            yield f"{SPOOL}/{path.parent.name}/{path.name}", path


def _close_spool(spool: Path) -> None:
    """Nothing more comes with arrivals of then."""
    from wetread.intake.spool import CLOSED

    for folder in spool.glob("*/"):
        (folder / CLOSED).touch()
