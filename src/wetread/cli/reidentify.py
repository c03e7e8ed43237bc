"""`wetread reidentify`: who a pseudonym stands for, for a person whose role allows it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.cli.people import console_line, house
from wetread.domain.audit import Action, Outcome
from wetread.domain.people import Caller
from wetread.errors import Forbidden, InputError
from wetread.reporting import inert
from wetread.wiring.reidentifying import Question
from wetread.wiring.reidentifying import reidentify as ask

if TYPE_CHECKING:
    from wetread.store.people import User
    from wetread.wiring.service import Service


def reidentify(
    pseudonym: Annotated[str, typer.Argument(help="the pseudonym as it stands in a de-identified file")],
    *,
    login: Annotated[str, typer.Option("--as", help="your login; the password is asked for")],
    reason: Annotated[str, typer.Option("--reason", help="why you must know; it is kept, so it names nobody")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the password from the first line of stdin")
    ] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Who a pseudonym stands for. Radiologists may ask; every question is in the audit, answered or not."""
    with house(data, database) as service:
        user = _person(service, login, _password(from_stdin=password_stdin))
        caller = Caller(name=user.login, roles=user.roles, user_id=user.user_id)
        way = console_line(Action.REIDENTIFY, "")["actor"]
        found = ask(
            service,
            Question(pseudonym=pseudonym, reason=reason, caller=caller, now=service.now(), data={"at": way}),
        )
    for entry in found:
        sys.stdout.write(f"{inert(entry.kind)}\t{inert(entry.original)}\n")
    note("the audit holds that you asked, when, and why")


def _person(service: "Service", login: str, password: str) -> "User":
    """The account, once its password was right.

    Raises: Forbidden.
    """
    from wetread.store.audit import append_in
    from wetread.store.people import sign_in

    rules, now = service.settings.service.people, service.now()
    user = sign_in(service.database, login=login, password=password, rules=rules, now=now)
    if user is None:
        line = console_line(Action.LOGIN_REFUSED, "user/at the console") | {"outcome": Outcome.REFUSED}
        with service.database.write() as connection:
            append_in(connection, now=now, line=line, data={"for": Action.REIDENTIFY})
        raise Forbidden("login or password is wrong, or the account is locked for now")
    return user


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("the password", "can't be asked for without a terminal", "pipe it in with --password-stdin")
    return str(typer.prompt("Password", hide_input=True, err=True))
