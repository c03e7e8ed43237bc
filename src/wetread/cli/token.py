"""`wetread token`: keys for programs that talk to the API."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line, house, table
from wetread.domain.audit import Action
from wetread.domain.people import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from wetread.store.tokens import Token

app = typer.Typer(help="Keys for programs that talk to the API.", no_args_is_help=True, rich_markup_mode=None)


@app.command("create")
def create(
    *,
    role: Annotated[Role, typer.Option("--role", help="what its holder may do")],
    label: Annotated[str, typer.Option("--label", help="what it is for, for people")] = "",
    days: Annotated[int | None, typer.Option("--days", help="good for so many days; else until it is revoked")] = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make a token and print it, alone, on stdout. It is shown this once: only its hash is kept."""
    from wetread.store.audit import append_in
    from wetread.store.tokens import add_token

    with house(data, database) as service:

        def noted(connection: "Connection", token: "Token") -> None:
            line = console_line(Action.TOKEN_CREATE, f"token/{token.token_id}")
            append_in(connection, now=service.now(), line=line, data={"role": role, "label": token.label})

        by, now = console_line(Action.TOKEN_CREATE, "")["actor"], service.now()
        text, made = add_token(service.database, role=role, label=label, by=by, days=days, now=now, then=noted)
    good = f"until {made.until:%Y-%m-%d}" if made.until else "until it is revoked"
    note(f"token {made.token_id} for role {role}, good {good}")
    sys.stdout.write(f"{text}\n")


@app.command("list")
def list_all(*, data: Data = None, database: DatabaseUrl = None) -> None:
    """All tokens, the newest first; never the tokens themselves."""
    from wetread.store.tokens import tokens_of

    with house(data, database) as service:
        now, found = service.now(), tokens_of(service.database)
    rows = []
    for token in found:
        ended = token.until is not None and token.until <= now
        state = "revoked" if token.revoked_at else "ended" if ended else "good"
        rows.append((token.token_id, token.role, state, token.until, token.seen_at, token.created_by, token.label))
    table(("token", "role", "state", "until", "last used", "made by", "label"), rows)


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(help="its id, as `wetread token list` names it")],
    *,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """End a token; it opens nothing from now on."""
    from wetread.store.audit import append_in
    from wetread.store.tokens import revoke_token

    with house(data, database) as service:

        def noted(connection: "Connection", token: "Token") -> None:
            line = console_line(Action.TOKEN_REVOKE, f"token/{token.token_id}")
            append_in(connection, now=service.now(), line=line)

        revoke_token(service.database, token_id, now=service.now(), then=noted)
    note(f"token {token_id} is revoked")
