"""The first start: whoever can read the service's own output makes the first account, once.

The code is printed by the process that answers and is kept there alone, as a hash. It opens nothing but this door, and
the door is shut for ever once anybody has an account, or where an identity provider says who comes in.
"""

import hmac
import logging
import secrets
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Connection

from wetread.domain.arrival import Way
from wetread.domain.audit import Action, Outcome
from wetread.domain.people import Role
from wetread.errors import Conflict
from wetread.server.login import NewPassword, SessionTold, start_session
from wetread.server.problems import PROBLEMS
from wetread.server.state import Ground, address_of, ground_of
from wetread.server.throttle import Throttle
from wetread.server.words import Storable
from wetread.store import audit
from wetread.store.people import MAX_PASSWORD, MIN_PASSWORD, User, add_first_user, has_users
from wetread.store.sessions import digest
from wetread.wiring.sources import demo_files

log = structlog.wrap_logger(logging.getLogger("wetread.server"))
router = APIRouter(tags=["people"], responses=PROBLEMS)
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
HALF = 4
FIRST_ROLES = (Role.ADMIN, Role.OPERATOR, Role.RADIOLOGIST)
PATH = "/setup"
Login = Annotated[str, StringConstraints(min_length=1, max_length=100), Storable]
FullName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Storable]


@dataclass(slots=True, kw_only=True)
class Code:
    """The code of this process, of which only the hash is kept; tries are few in a minute, whoever makes them."""

    hash: str
    tries: Throttle = field(default_factory=lambda: Throttle(10, within_s=60))

    def is_(self, written: str) -> bool:
        """Whether it was written so; small letters, dashes and spaces count not."""
        return hmac.compare_digest(digest(_bare(written)), self.hash)


def new_code() -> tuple[str, Code]:
    """A code for people (`XXXX-XXXX`, 39 random bits), and what is kept of it."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(2 * HALF))
    return f"{letters[:HALF]}-{letters[HALF:]}", Code(hash=digest(letters))


def invite(app: FastAPI) -> str | None:
    """The code of this process, for whoever reads its output; None where no account is to be made."""
    ground: Ground = app.state.ground
    if not is_needed(ground):
        return None
    told, app.state.setup_code = new_code()
    return told


def is_needed(ground: Ground) -> bool:
    """Whether nobody can log in yet.

    Raises: StoreUnavailable.
    """
    return ground.settings.people.oidc is None and not has_users(ground.database)


class SetupNeeded(BaseModel):
    """Whether nobody has an account yet, and what a password must be."""

    needed: bool
    password_shortest: int = MIN_PASSWORD
    password_longest: int = MAX_PASSWORD


class Setup(BaseModel):
    """The first account. `code` is the one that `wetread serve` printed; `demo`: also send the example studies."""

    code: str = Field(max_length=100)
    login: Login
    name: FullName = ""
    password: NewPassword
    demo: bool = False


class SetupDone(SessionTold):
    """The session of the first account. `arrival_id` is that of the example studies, null where none were sent."""

    arrival_id: str | None


@router.get(PATH)
def setup_needed(request: Request) -> SetupNeeded:
    """Whether the first account is still to be made."""
    return SetupNeeded(needed=is_needed(ground_of(request)))


@router.post(PATH, status_code=201, responses={429: {}})
def set_up(request: Request, response: Response, wanted: Setup) -> SetupDone:
    """Make the first account and log in as it. 403 for a wrong code, 409 once there is an account."""
    ground, now = ground_of(request), ground_of(request).now()
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, "set the service up from its own page")
    if not is_needed(ground):
        raise Conflict("the service is set up already; log in")
    _check_code(request, ground, wanted.code)

    def noted(connection: Connection, user: User) -> None:
        line = _line(request, Action.USER_CREATE, f"user/{user.login}", by=user)
        audit.append_in(connection, now=now, line=line, data={"way": "setup"})

    user = add_first_user(
        ground.database,
        login=wanted.login,
        name=wanted.name,
        roles=FIRST_ROLES,
        password=wanted.password,
        now=now,
        then=noted,
    )
    session = start_session(request, response, user)
    return SetupDone(**session.model_dump(), arrival_id=_send_demo(request, ground, user) if wanted.demo else None)


def _check_code(request: Request, ground: Ground, written: str) -> None:
    now, code = ground.now(), _code_of(request)
    if not code.tries.allows("", now=now):
        raise HTTPException(429, "too many tries; wait a minute", {"Retry-After": "60"})
    if code.is_(written):
        return
    line = _line(request, Action.ACCESS_REFUSED, "route/api/v1/setup", by=None)
    with ground.database.write() as connection:
        audit.append_in(connection, now=now, line=line, data={"method": "POST", "why": "wrong code"})
    raise HTTPException(403, "the code is not right; it stands in the output of wetread serve since its last start")


def _code_of(request: Request) -> Code:
    """The code of this process; where nobody was told one, none is right."""
    found: Code | None = getattr(request.app.state, "setup_code", None)
    if found is None:
        _, found = new_code()
        request.app.state.setup_code = found
    return found


def _send_demo(request: Request, ground: Ground, user: User) -> str | None:
    """The example studies, through the spool as any upload; None where they can't be taken: the account stands."""
    files = demo_files()
    try:
        sheaf = ground.spool.open(Way.UPLOAD, peer=user.login, address=address_of(request))
        try:
            for file in files:
                sheaf.add(file.read_bytes())
        finally:
            sheaf.close()
    except OSError as problem:
        log.error("the example studies could not be sent", reason=problem.strerror)
        return None
    arrival_id = sheaf.arrival.arrival_id
    line = _line(request, Action.UPLOAD, f"arrival/{arrival_id}", by=user)
    with ground.database.write() as connection:
        audit.append_in(connection, now=ground.now(), line=line, data={"objects": len(files), "demo": True})
    return arrival_id


def _line(request: Request, action: Action, what: str, *, by: User | None) -> dict[str, object]:
    return {
        "actor": by.login if by else "anonymous",
        "roles": sorted(by.roles) if by else (),
        "action": action,
        "object": what,
        "outcome": Outcome.SUCCESS if by else Outcome.REFUSED,
        "address": address_of(request),
    }


def _bare(written: str) -> str:
    return "".join(letter for letter in written.upper() if letter.isalnum())
