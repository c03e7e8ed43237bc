"""Logging in and out, the session, one's own password. Only `login` and its ways are open to everyone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, Field

from wetread.domain.audit import Action, Outcome
from wetread.domain.people import ALLOWED, Caller, Permission, Role
from wetread.errors import Conflict, InputError, NotFound
from wetread.server.access import CHALLENGE, needs
from wetread.server.cookies import SESSION, drop_cookie, session_cookie, set_session
from wetread.server.state import address_of, ground_of
from wetread.server.throttle import throttle_of
from wetread.server.witness import AskedFirst, OwnAccount
from wetread.store import audit
from wetread.store.people import MAX_PASSWORD, MIN_PASSWORD, User, change_user, find_user, sign_in
from wetread.store.sessions import csrf_of, digest, end_session, open_session, session_of

router = APIRouter(route_class=AskedFirst, tags=["people"])
Password = Annotated[str, Field(max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})]
NewPassword = Annotated[Password, Field(min_length=MIN_PASSWORD)]


class Credentials(BaseModel):
    """What a person logs in with."""

    login: str = Field(max_length=100)
    password: Password


class NewOwnPassword(BaseModel):
    """A change of one's own password."""

    present: Password
    new: NewPassword


class Ways(BaseModel):
    """How one can log in here. `oidc` is where to send the browser, None where there is no identity provider.

    `logged_in`: the browser that asks has a session already.
    """

    password: bool
    oidc: str | None
    logged_in: bool


class SessionTold(BaseModel):
    """Who is logged in. `csrf` goes into the header X-CSRF-Token of every change; None for callers with a token."""

    name: str
    roles: list[Role]
    permissions: list[Permission]
    csrf: str | None


@router.get("/login")
def login_ways(request: Request) -> Ways:
    """How one can log in here."""
    ground = ground_of(request)
    oidc = str(request.url_for("oidc_start").path) if ground.settings.people.oidc is not None else None
    secret = session_cookie(request)
    known = secret and session_of(ground.database, secret, rules=ground.settings.people, now=ground.now())
    return Ways(password=True, oidc=oidc, logged_in=bool(known))


@router.post("/login", responses={401: {}, 403: {}, 429: {}})
def login(request: Request, response: Response, credentials: Credentials) -> SessionTold:
    """Log in: sets the cookie of a new session and gives its CSRF token.

    401 whatever is wrong: the login, the password, or an account that is locked or deactivated.
    """
    ground, now = ground_of(request), ground_of(request).now()
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, "log in from our own page")
    _slow_down(request, credentials.login, now)
    user = sign_in(
        ground.database,
        login=credentials.login,
        password=credentials.password,
        rules=ground.settings.people,
        now=now,
    )
    if user is None:
        _tell_refused(request, credentials.login, now)
        raise HTTPException(401, "login or password is wrong, or the account is locked for now", CHALLENGE)
    return start_session(request, response, user)


@router.post("/logout", status_code=204)
def logout(request: Request, response: Response, witness: OwnAccount) -> None:
    """End this session."""
    if witness.caller.session_id is None:
        raise Conflict("a token has no session; an administrator revokes it")
    witness.saw(Action.LOGOUT, f"user/{witness.name}")
    end_session(witness.ground.database, witness.caller.session_id)
    drop_cookie(request, response, SESSION)


@router.get("/session")
def session(request: Request, caller: Annotated[Caller, Depends(needs(Permission.OWN_ACCOUNT))]) -> SessionTold:
    """Who is logged in, and the CSRF token of the session."""
    secret = session_cookie(request) if caller.session_id is not None else None
    return _told(caller.name, caller.roles, None if secret is None else csrf_of(secret))


@router.put("/me/password")
def change_own_password(
    request: Request, response: Response, witness: OwnAccount, change: NewOwnPassword
) -> SessionTold:
    """A new password. Every session of the person ends, this one goes on as a new one."""
    ground, caller = witness.ground, witness.caller
    if caller.user_id is None or caller.session_id is None:
        raise Conflict("a token has no password; log in to change yours")
    now = ground.now()
    _slow_down(request, caller.name, now)
    rules = ground.settings.people
    if sign_in(ground.database, login=caller.name, password=change.present, rules=rules, now=now) is None:
        raise Conflict("the present password is not right, or the account is locked for now")
    changed = change_user(
        ground.database,
        caller.user_id,
        password=change.new,
        then=lambda connection, user: witness.did(connection, Action.PASSWORD_CHANGE, f"user/{user.login}"),
    )
    return start_session(request, response, changed)


def start_session(request: Request, response: Response, user: User) -> SessionTold:
    """A session that nobody knew before; the one that the browser brought along, whoever's it was, ends."""
    ground = ground_of(request)
    rules, now = ground.settings.people, ground.now()
    if brought := session_cookie(request):
        end_session(ground.database, digest(brought))
    opened = open_session(ground.database, user.user_id, rules=rules, now=now)
    audit.append(
        ground.database,
        actor=user.login,
        roles=user.roles,
        action=Action.LOGIN,
        object=f"user/{user.login}",
        outcome=Outcome.SUCCESS,
        address=address_of(request),
        now=now,
        way="oidc" if user.foreign else "password",
    )
    set_session(request, response, opened.secret, longest_s=rules.session_longest_s)
    return _told(user.login, user.roles, opened.csrf)


def _slow_down(request: Request, login: str, now: datetime) -> None:
    address, throttles = address_of(request) or "", throttle_of(request.app)
    knocks = throttles.addresses.allows(address, now=now)
    if not (knocks and throttles.logins.allows(f"{digest(login.strip().casefold())} {address}", now=now)):
        raise HTTPException(429, "too many tries; wait a minute", {"Retry-After": "60"})


def _tell_refused(request: Request, login: str, now: datetime) -> None:
    """An unknown login is not written down: people type passwords into the wrong field."""
    ground = ground_of(request)
    try:
        tried = f"user/{find_user(ground.database, login).login}"
    except (InputError, NotFound):
        tried = "user/unknown login"
    audit.append(
        ground.database,
        actor="anonymous",
        roles=(),
        action=Action.LOGIN_REFUSED,
        object=tried,
        outcome=Outcome.REFUSED,
        address=address_of(request),
        now=now,
    )


def _told(name: str, roles: frozenset[Role], csrf: str | None) -> SessionTold:
    held = {permission for role in roles for permission in ALLOWED[role]}
    return SessionTold(name=name, roles=sorted(roles), permissions=sorted(held), csrf=csrf)
