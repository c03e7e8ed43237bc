"""Sessions of people: an opaque secret of 256 bits in a cookie, of which only the SHA-256 is kept."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select, update

from wetread.domain.people import Caller
from wetread.settings.service import PeopleSettings
from wetread.store.database import Database
from wetread.store.people import user_from
from wetread.store.tables import sessions, users

SEEN_EVERY_S = 60  # how exactly idleness is known; each request would else write


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session: the secret for the cookie and the token that changes must carry. Neither is kept."""

    secret: str
    csrf: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that lives."""

    caller: Caller
    until: datetime
    csrf: str  # SHA-256

    def accepts(self, token: str) -> bool:
        """Whether a change that carries this token comes from the session's own pages."""
        return hmac.compare_digest(digest(token), self.csrf)


def open_session(db: Database, user_id: str, *, rules: PeopleSettings, now: datetime) -> Opened:
    """A session with an id that nobody knew before; sessions that have ended are cleared away."""
    secret = secrets.token_urlsafe(32)
    csrf, until = csrf_of(secret), now + timedelta(seconds=rules.session_longest_s)
    row = {"session_id": digest(secret), "user_id": user_id, "csrf": digest(csrf), "until": until}
    idle = now - timedelta(seconds=rules.session_idle_s)
    with db.write() as connection:
        connection.execute(delete(sessions).where((sessions.c.until <= now) | (sessions.c.seen_at <= idle)))
        connection.execute(insert(sessions).values(**row, created_at=now, seen_at=now))
    return Opened(secret=secret, csrf=csrf, until=until)


def session_of(db: Database, secret: str, *, rules: PeopleSettings, now: datetime) -> Session | None:
    """The session of this secret, if it has not ended and its person may still come in."""
    columns = (sessions.c.session_id, sessions.c.csrf, sessions.c.seen_at, sessions.c.until)
    query = select(users, *columns).join(sessions).where(sessions.c.session_id == digest(secret))
    with db.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None or not row["active"]:
        return None
    silent_s = (now - row["seen_at"]).total_seconds()
    if row["until"] <= now or silent_s >= rules.session_idle_s:
        return None
    if silent_s >= min(SEEN_EVERY_S, rules.session_idle_s / 4):
        with db.write() as connection:
            same = update(sessions).where(sessions.c.session_id == row["session_id"])
            connection.execute(same.values(seen_at=now))
    user = user_from(row)
    caller = Caller(name=user.login, roles=user.roles, user_id=user.user_id, session_id=row["session_id"])
    return Session(caller=caller, until=row["until"], csrf=row["csrf"])


def end_session(db: Database, session_id: str) -> None:
    """Log out: the secret opens nothing any more."""
    with db.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.session_id == session_id))


def end_sessions(db: Database, user_id: str) -> int:
    """Log a person out everywhere; returns how many sessions there were."""
    with db.write() as connection:
        return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def csrf_of(secret: str) -> str:
    """The token of a session's own pages. It follows from the secret, which only they can use, so tabs share it."""
    return hmac.new(secret.encode(), b"csrf", sha256).hexdigest()


def digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so nobody can try them out."""
    return sha256(secret.encode(errors="replace")).hexdigest()
