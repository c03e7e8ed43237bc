"""`wetread jobs`: what runs and what failed; dead letters are retried here, others called off."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from wetread.cli.console import complain, note
from wetread.cli.options import Data, DatabaseUrl, TextOrJson
from wetread.errors import Conflict, NotFound
from wetread.settings import load_settings

app = typer.Typer(help="What runs and what failed.", no_args_is_help=True, rich_markup_mode=None)
SHOWN = ("job_id", "kind", "state", "ref", "attempts", "tries", "created_at", "problem")
MOST = 10_000


class State(StrEnum):
    """What a job can be."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@app.command("list")
def list_jobs(
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    state: Annotated[State | None, typer.Option("--state", help="only jobs in this state")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="so many at most, the newest")] = 100,
    output: Annotated[TextOrJson, typer.Option("--format", help="how they are written")] = TextOrJson.TEXT,
) -> int:
    """List jobs: one line each with its state and, where it failed, the reason."""
    from wetread.store.jobs import jobs_of
    from wetread.wiring.service import open_service

    service = open_service(load_settings(), data, database)
    try:
        rows = jobs_of(service.database, state=state.value if state else None, limit=limit)
    finally:
        service.close()
    for row in rows:
        told = {name: row[name] for name in SHOWN} | {"created_at": row["created_at"].isoformat(timespec="seconds")}
        if output is TextOrJson.JSON:
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        else:
            words = (told["job_id"], told["state"], told["ref"], told["created_at"], told["problem"] or "")
            sys.stdout.write("  ".join(map(str, words)).rstrip() + "\n")
    if not rows:
        note("no jobs" if state is None else f"no jobs are {state.value}")
    return 0


@app.command("retry")
def retry_jobs(
    job: Annotated[list[str] | None, typer.Argument(help="names of failed jobs", show_default=False)] = None,
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    every: Annotated[bool, typer.Option("--all", help="every failed job")] = False,
) -> int:
    """Try failed jobs again; finished reads are not paid for again.

    Exit code 1: at least one can't be retried any more.
    """
    if not job and not every:
        raise typer.BadParameter("name the jobs to retry, or give --all", param_hint="JOB")
    from wetread.store.jobs import FAILED, jobs_of, retry
    from wetread.wiring.service import open_service

    service, bad = open_service(load_settings(), data, database), 0
    try:
        names = [row["job_id"] for row in jobs_of(service.database, state=FAILED, limit=MOST)] if every else job or []
        for name in names:
            try:
                sys.stdout.write(retry(service.database, name, by="the command line", now=service.now()) + "\n")
            except (Conflict, NotFound) as problem:
                complain(str(problem))
                bad = 1
    finally:
        service.close()
    if not names:
        note("nothing has failed")
    return bad


@app.command("cancel")
def cancel_jobs(
    job: Annotated[list[str], typer.Argument(help="names of jobs that wait or run", show_default=False)],
    *,
    data: Data = None,
    database: DatabaseUrl = None,
) -> int:
    """Call jobs off; a study whose reading is called off waits for a human as unread.

    Exit code 1: at least one can't be cancelled any more.
    """
    from wetread.wiring.service import open_service
    from wetread.wiring.working import policies
    from wetread.worklist.cancelling import cancel

    service, bad = open_service(load_settings(), data, database), 0
    try:
        told = policies(service.settings)
        for name in job:
            try:
                cancel(service.database, name, by="the command line", now=service.now(), policies=told)
            except (Conflict, NotFound) as problem:
                complain(str(problem))
                bad = 1
    finally:
        service.close()
    return bad
