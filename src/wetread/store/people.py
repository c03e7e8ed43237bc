"""People of the house: accounts and their passwords. Sessions are in `sessions`, tokens of programs in `tokens`."""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from wetread.domain.people import Role
from wetread.errors import Conflict, InputError, NotFound
from wetread.settings.service import PeopleSettings
from wetread.store.database import Database
from wetread.store.passwords import check_password, hash_password, is_outdated
from wetread.store.tables import sessions, users

LOGIN = re.compile(r"[\w.@+-]{1,100}")
MIN_PASSWORD, MAX_PASSWORD = 12, 1024
Kept = Mapping[str, Any] | RowMapping  # a row of the table


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account as others may see it."""

    user_id: str
    login: str
    name: str
    roles: frozenset[Role]
    active: bool
    foreign: bool  # of an identity provider: it has no password here
    locked_until: datetime | None
    created_at: datetime


Then = Callable[[Connection, User], object]  # what belongs to a change (its audit line), last in its transaction


def add_user(
    db: Database,
    *,
    login: str,
    name: str = "",
    roles: Iterable[Role],
    password: str,
    now: datetime,
    then: Then | None = None,
) -> User:
    """A new local account.

    Raises: InputError (login or password can't be used), Conflict (the login is taken).
    """
    login = clean_login(login)
    values = {"login": login, "name": name or login, "roles": _written(roles), "password": _hashed(password)}
    with db.write() as connection:
        return _told(connection, _insert(connection, values, now=now), then)


def has_users(db: Database) -> bool:
    """Whether anybody has an account, also one that was deactivated."""
    with db.read() as connection:
        return _anybody(connection)


def add_first_user(
    db: Database, *, login: str, name: str = "", roles: Iterable[Role], password: str, now: datetime, then: Then
) -> User:
    """The very first account of the house; of several who come at once one is let in.

    Raises: InputError (login or password can't be used), Conflict (there is an account already).
    """
    login = clean_login(login)
    values = {"login": login, "name": name or login, "roles": _written(roles), "password": _hashed(password)}
    with db.write() as connection:
        if not db.is_sqlite:  # SQLite has one writer at a time anyway
            connection.exec_driver_sql(f"LOCK TABLE {users.name} IN SHARE ROW EXCLUSIVE MODE")
        if _anybody(connection):
            raise Conflict("somebody has an account here already; log in, or ask an administrator for one")
        return _told(connection, _insert(connection, values, now=now), then)


def users_of(db: Database) -> list[User]:
    """All accounts by login."""
    with db.read() as connection:
        rows = connection.execute(select(users).order_by(users.c.login)).mappings()
        return [user_from(row) for row in rows]


def find_user(db: Database, login: str) -> User:
    """The account of this login.

    Raises: NotFound.
    """
    with db.read() as connection:
        return user_from(_row(connection, users.c.login == clean_login(login), login))


def user_by_id(db: Database, user_id: str) -> User:
    """The account of this id.

    Raises: NotFound.
    """
    with db.read() as connection:
        return user_from(_row(connection, users.c.user_id == user_id, user_id))


def change_user(
    db: Database,
    user_id: str,
    *,
    name: str | None = None,
    roles: Iterable[Role] | None = None,
    active: bool | None = None,
    password: str | None = None,
    then: Then | None = None,
) -> User:
    """Change what is given. New roles, a new password or a deactivation end all sessions of the account.

    Raises: NotFound, InputError (a password that can't be used), Conflict (nobody could administer the house any more).
    """
    given = {"name": name, "roles": None if roles is None else _written(roles), "active": active}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if password is not None:
        values |= {"password": _hashed(password), "failures": 0, "locked_until": None}
    with db.write() as connection:
        before = _row(connection, users.c.user_id == user_id, user_id)
        if password is not None and before["subject"] is not None:
            raise Conflict(f"{before['login']} logs in at the identity provider; its password is changed there")
        if values:
            connection.execute(update(users).where(users.c.user_id == user_id).values(**values))
        if values.keys() & {"roles", "active", "password"}:
            connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
        after = _row(connection, users.c.user_id == user_id, user_id)
        _keep_an_admin(connection, before, after)
        return _told(connection, user_from(after), then)


def sign_in(db: Database, *, login: str, password: str, rules: PeopleSettings, now: datetime) -> User | None:
    """The account, if the password is right and it is neither locked nor deactivated. Which of them, nobody is told.

    The try is counted before it is looked at, so that many at once get no more tries than one after another. It takes
    as long for a login that does not exist.
    """
    row, may = _count_try(db, login, rules=rules, now=now)
    right = check_password(row["password"] if row is not None else None, password)
    if row is None or not may or not right:
        return None
    values: dict[str, Any] = {"failures": 0, "locked_until": None}
    if is_outdated(row["password"]):
        values["password"] = hash_password(password)
    with db.write() as connection:
        still_the_same = (users.c.user_id == row["user_id"]) & (users.c.password == row["password"])
        connection.execute(update(users).where(still_the_same).values(**values))
    return user_from({**row, **values})


def foreign_user(
    db: Database, *, subject: str, login: str, name: str, roles: Iterable[Role], now: datetime
) -> User | None:
    """The account of a person whom the identity provider vouches for, made at the first login; None if deactivated.

    `subject` is the provider's issuer and the person's id there; a local account of the same login is never taken over.
    Other roles than the last time end the sessions that still hold the old ones.
    """
    written = _written(roles)
    with db.write() as connection:
        row = connection.execute(select(users).where(users.c.subject == subject)).mappings().one_or_none()
        if row is None:
            taken = connection.execute(select(users.c.user_id).where(users.c.login == login)).one_or_none()
            if taken is not None or not LOGIN.fullmatch(login):
                login = f"person-{secrets.token_hex(6)}"
            values = {"login": login, "name": name or login, "roles": written, "subject": subject}
            return _insert(connection, values, now=now)
        if not row["active"]:
            return None
        if row["roles"] != written:
            connection.execute(delete(sessions).where(sessions.c.user_id == row["user_id"]))
        values = {"roles": written, "name": name or row["name"]}
        connection.execute(update(users).where(users.c.user_id == row["user_id"]).values(**values))
        return user_from({**row, **values})


def preferences_of(db: Database, user_id: str) -> dict[str, Any]:
    """What a person set up for themselves.

    Raises: NotFound.
    """
    with db.read() as connection:
        return dict(_row(connection, users.c.user_id == user_id, user_id)["preferences"])


def set_preferences(db: Database, user_id: str, preferences: Mapping[str, Any]) -> None:
    """Keep what a person set up.

    Raises: NotFound.
    """
    with db.write() as connection:
        done = connection.execute(update(users).where(users.c.user_id == user_id).values(preferences=dict(preferences)))
        if not done.rowcount:
            raise NotFound(f"there is no user {user_id}")


def clean_login(login: str) -> str:
    """The login as it is kept: letters of one form, small ones.

    Raises: InputError.
    """
    clean = unicodedata.normalize("NFKC", login).strip().casefold()
    if not LOGIN.fullmatch(clean):
        raise InputError("the login", "can't be used", "1 to 100 letters, digits and . _ @ + -, no spaces")
    return clean


def user_from(row: Kept) -> User:
    """An account as others may see it, from its row."""
    return User(
        user_id=row["user_id"],
        login=row["login"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"]),
        active=row["active"],
        foreign=row["subject"] is not None,
        locked_until=row["locked_until"],
        created_at=row["created_at"],
    )


def _count_try(db: Database, login: str, *, rules: PeopleSettings, now: datetime) -> tuple[Kept | None, bool]:
    """The account's row, and whether a right password would be taken."""
    try:
        login = clean_login(login)
    except InputError:
        return None, False
    with db.write() as connection:
        look = select(users).where(users.c.login == login).with_for_update()
        row = connection.execute(look).mappings().one_or_none()
        if row is None or row["password"] is None or not row["active"]:
            return row, False
        if row["locked_until"] is not None and row["locked_until"] > now:
            return row, False
        failures = 1 + (0 if row["locked_until"] is not None else row["failures"])
        locked = now + timedelta(seconds=rules.lock_s) if failures >= rules.attempts else None
        counted = update(users).where(users.c.user_id == row["user_id"])
        connection.execute(counted.values(failures=failures, locked_until=locked))
        return row, True


def _anybody(connection: Connection) -> bool:
    return connection.execute(select(users.c.user_id).limit(1)).one_or_none() is not None


def _told(connection: Connection, user: User, then: Then | None) -> User:
    if then is not None:
        then(connection, user)
    return user


def _insert(connection: Connection, values: Mapping[str, Any], *, now: datetime) -> User:
    taken = connection.execute(select(users.c.user_id).where(users.c.login == values["login"])).one_or_none()
    if taken is not None:
        raise Conflict(f"the login {values['login']} is taken")
    row = {"subject": None, "password": None, **values, "user_id": secrets.token_hex(16), "active": True}
    row |= {"failures": 0, "locked_until": None, "created_at": now, "preferences": {}}
    connection.execute(insert(users).values(**row))
    return user_from(row)


def _row(connection: Connection, where: Any, named: str) -> Kept:
    row = connection.execute(select(users).where(where)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no user {named}")
    return row


def _keep_an_admin(connection: Connection, before: Kept, after: Kept) -> None:
    def administers(row: Kept) -> bool:
        return bool(row["active"]) and Role.ADMIN.value in row["roles"]

    if administers(before) and not administers(after):
        rows = connection.execute(select(users.c.active, users.c.roles)).mappings()
        if not any(administers(row) for row in rows):
            raise Conflict(f"{before['login']} is the last administrator; make another one first")


def _written(roles: Iterable[Role]) -> list[str]:
    return sorted({Role(role).value for role in roles})


def _hashed(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InputError("the password", "can't be used", f"it needs {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return hash_password(password)
