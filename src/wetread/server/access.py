"""Who asks, and may they? Every route but the ones for logging in and for health depends on `needs(permission)`.

    @router.get("/worklist")
    def worklist(request: Request, caller: Annotated[Caller, Depends(needs(Permission.WORKLIST))]) -> …

A caller shows a token (`Authorization: Bearer wr_…`) or the cookie of a session; with a cookie, whatever changes
something must also carry the session's `X-CSRF-Token`. Tokens in URLs are never looked at: URLs end up in logs.
"""

from functools import cache
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from wetread.domain.audit import Action, Outcome
from wetread.domain.people import Caller, Permission
from wetread.server.cookies import session_cookie
from wetread.server.state import address_of, ground_of
from wetread.server.throttle import throttle_of
from wetread.store import audit
from wetread.store.sessions import Session, session_of
from wetread.store.tokens import holder_of_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
ASKED = "wetread.caller"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="wetread"'}
BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="API token, `wetread token create`")
COOKIE = APIKeyCookie(name="__Host-wetread", auto_error=False, scheme_name="session", description="`POST /login`")


class Needs:
    """A dependency that gives the caller, if the caller may.

    Raises: HTTPException 401 where nobody valid asks, 403 where the caller's roles do not allow it.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(
        self,
        request: Request,
        _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)] = None,
        _cookie: Annotated[str | None, Depends(COOKIE)] = None,
    ) -> Caller:
        """Look at the request's credentials; the last two are there for the OpenAPI document alone."""
        caller = request.scope.get(ASKED)  # a route may ask before it reads the body, and its dependency again
        if caller is None:
            caller = request.scope[ASKED] = caller_of(request)
        assert isinstance(caller, Caller)
        if not caller.may(self.permission):
            _tell_refusal(request, caller, f"needs {self.permission}")
            raise HTTPException(403, f"your roles do not hold the permission {self.permission}")
        return caller


@cache
def needs(permission: Permission) -> Needs:
    """The dependency that lets only callers with this permission pass."""
    return Needs(permission)


def permissions_of(route: APIRoute) -> frozenset[Permission]:
    """The permissions that a route asks for; empty: it is open to everyone."""
    found: set[Permission] = set()
    waiting = [route.dependant]
    while waiting:
        one = waiting.pop()
        if isinstance(one.call, Needs):
            found.add(one.call.permission)
        waiting.extend(one.dependencies)
    return frozenset(found)


def caller_of(request: Request) -> Caller:
    """Who asks, whatever they may do.

    Raises: HTTPException 401; 403 where a change lacks the session's CSRF token.
    """
    written = request.headers.get("authorization")
    if written is not None:
        return _token_holder(request, written)
    secret = session_cookie(request)
    if secret is None:
        raise HTTPException(401, "log in, or send a token as Authorization: Bearer", CHALLENGE)
    return _session_holder(request, secret)


def _token_holder(request: Request, written: str) -> Caller:
    ground = ground_of(request)
    scheme, _, token = written.partition(" ")
    caller = None
    if scheme.lower() == "bearer":
        caller = holder_of_token(ground.database, token.strip(), now=ground.now())
    if caller is None:
        _tell_stranger(request, "token")
        raise HTTPException(401, "the token is unknown, has ended or was revoked", CHALLENGE)
    return caller


def _session_holder(request: Request, secret: str) -> Caller:
    ground = ground_of(request)
    session = session_of(ground.database, secret, rules=ground.settings.people, now=ground.now())
    if session is None:
        raise HTTPException(401, "the session has ended; log in again", CHALLENGE)
    if request.method not in SAFE:
        _check_csrf(request, session)
    return session.caller


def _check_csrf(request: Request, session: Session) -> None:
    """A page of somebody else can make the browser send the cookie, but not this header."""
    foreign = request.headers.get("sec-fetch-site") == "cross-site"
    if foreign or not session.accepts(request.headers.get(CSRF_HEADER, "")):
        _tell_refusal(request, session.caller, "no CSRF token of this session")
        raise HTTPException(403, f"the header {CSRF_HEADER} is missing or not of this session (GET /api/v1/session)")


def _tell_refusal(request: Request, caller: Caller, why: str) -> None:
    ground = ground_of(request)
    audit.append(
        ground.database,
        actor=caller.name,
        roles=caller.roles,
        action=Action.ACCESS_REFUSED,
        object=f"route{route_path(request)}",
        outcome=Outcome.REFUSED,
        address=address_of(request),
        now=ground.now(),
        method=request.method,
        why=why,
    )


def _tell_stranger(request: Request, shown: str) -> None:
    """A credential that is not valid, once a minute for each address: strangers may not fill the audit."""
    ground, address = ground_of(request), address_of(request)
    if not throttle_of(request.app).strangers.allows(address or "", now=ground.now()):
        return
    audit.append(
        ground.database,
        actor="anonymous",
        roles=(),
        action=Action.ACCESS_REFUSED,
        object=f"route{route_path(request)}",
        outcome=Outcome.REFUSED,
        address=address,
        now=ground.now(),
        method=request.method,
        why=f"invalid {shown}",
    )


def route_path(request: Request) -> str:
    """The route as it is declared (`/studies/{study_id}`): the path itself may name a study or hold anything."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
