"""`wetread user`: people's accounts."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line, house, table
from wetread.domain.audit import Action
from wetread.domain.people import Role
from wetread.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from wetread.store.people import Then, User
    from wetread.wiring.service import Service

app = typer.Typer(help="People's accounts.", no_args_is_help=True, rich_markup_mode=None)
Login = Annotated[str, typer.Argument(help="the name to log in with")]
SomeRoles = Annotated[list[Role], typer.Option("--role", help="a role; give it several times for several")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="read the password from the first line of stdin")]


@app.command("add")
def add(
    login: Login,
    *,
    role: SomeRoles,
    name: Annotated[str, typer.Option("--name", help="the person's name, for the pages")] = "",
    password_stdin: FromStdin = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make an account. The password is asked for or comes from stdin, never from the command line: others see that."""
    from wetread.store.people import add_user

    with house(data, database) as service:
        password = _password(from_stdin=password_stdin)
        noted = _noted(service, Action.USER_CREATE, roles=role)
        made = add_user(
            service.database, login=login, name=name, roles=role, password=password, now=service.now(), then=noted
        )
    note(f"{made.login} may log in as {', '.join(sorted(made.roles))}")


@app.command("list")
def list_all(*, data: Data = None, database: DatabaseUrl = None) -> None:
    """All accounts by login."""
    from wetread.store.people import users_of

    with house(data, database) as service:
        now, found = service.now(), users_of(service.database)
    rows = []
    for user in found:
        locked = user.locked_until is not None and user.locked_until > now
        state = "disabled" if not user.active else "locked" if locked else "active"
        way = "identity provider" if user.foreign else "password"
        rows.append((user.login, state, ", ".join(sorted(user.roles)), way, user.created_at, user.name))
    table(("login", "state", "roles", "logs in by", "made", "name"), rows)


@app.command("roles")
def roles(login: Login, *, role: SomeRoles, data: Data = None, database: DatabaseUrl = None) -> None:
    """Give an account these roles and no others; its sessions end."""
    _change(login, data, database, roles=role)


@app.command("disable")
def disable(login: Login, *, data: Data = None, database: DatabaseUrl = None) -> None:
    """Keep a person out; the account's sessions end."""
    _change(login, data, database, active=False)


@app.command("enable")
def enable(login: Login, *, data: Data = None, database: DatabaseUrl = None) -> None:
    """Let a person in again."""
    _change(login, data, database, active=True)


@app.command("password")
def password(
    login: Login, *, password_stdin: FromStdin = False, data: Data = None, database: DatabaseUrl = None
) -> None:
    """Give an account a new password; its sessions and its lock end."""
    _change(login, data, database, password=_password(from_stdin=password_stdin))


def _change(login: str, data: Data, database: DatabaseUrl, **change: Any) -> None:  # noqa: ANN401 - what `change_user` takes
    from wetread.store.people import change_user, find_user

    told = {key: value for key, value in change.items() if key != "password"}
    with house(data, database) as service:
        found = find_user(service.database, login)
        noted = _noted(service, Action.USER_CHANGE, changed=sorted(change), **told)
        change_user(service.database, found.user_id, **change, then=noted)
    note(f"{found.login}: {', '.join(sorted(change))} changed")


def _noted(service: "Service", action: Action, **told: object) -> "Then":
    from wetread.store.audit import append_in

    def note_it(connection: "Connection", user: "User") -> None:
        append_in(connection, now=service.now(), line=console_line(action, f"user/{user.login}"), data=told)

    return note_it


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("the password", "can't be asked for without a terminal", "pipe it in with --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
