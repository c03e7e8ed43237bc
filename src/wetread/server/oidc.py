"""Logging in at the site's identity provider: the browser goes there and comes back with a code."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from hmac import compare_digest
from html import escape
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from wetread.domain.audit import Action, Outcome
from wetread.errors import ConfigurationError, Forbidden, NotFound, ServiceError, StoreUnavailable
from wetread.server.cookies import drop_cookie, read_cookie, set_passing
from wetread.server.login import start_session
from wetread.server.oidc_provider import Pending, Provider
from wetread.server.state import address_of, ground_of
from wetread.server.throttle import throttle_of
from wetread.store import audit
from wetread.store.people import foreign_user

router = APIRouter(tags=["people"])
COOKIE = "wetread-login"
PENDING_S = 600
Text = Annotated[str | None, Query(max_length=4096)]
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{onward}</head>
<body><h1>{title}</h1><p>{text}</p><p><a href="{link}">Go on</a></p></body></html>
"""


@router.get("/oidc/start", status_code=302, response_class=RedirectResponse)
def oidc_start(request: Request, next: Text = None) -> Response:  # noqa: A002 - the name in the address
    """Send the browser to the identity provider."""
    now = ground_of(request).now()
    if not throttle_of(request.app).addresses.allows(address_of(request) or "", now=now):
        return _page(429, "Too many tries", "Wait a minute.")
    try:
        provider = provider_of(request)
        where, pending = provider.begin(redirect_uri=_redirect_uri(request), onward=_inside(next), now=now)
    except (NotFound, StoreUnavailable):
        raise
    except (ServiceError, ConfigurationError) as problem:
        return _page(502, "The identity provider does not work", str(problem))
    response = RedirectResponse(where, 302)
    set_passing(request, response, COOKIE, _packed(pending), longest_s=PENDING_S)
    return response


@router.get("/oidc/callback", response_class=HTMLResponse)
def oidc_callback(request: Request, code: Text = None, state: Text = None, iss: Text = None) -> Response:
    """The browser comes back; it gets a session if the provider vouches for a person with one of our roles."""
    pending = _unpacked(read_cookie(request, COOKIE))
    try:
        response = _welcome(request, provider_of(request), pending=pending, code=code, state=state, iss=iss)
    except (NotFound, StoreUnavailable):
        raise
    except Forbidden as problem:
        _tell_refused(request, str(problem))
        response = _page(403, "You can't come in", str(problem))
    except (ServiceError, ConfigurationError) as problem:
        response = _page(502, "The identity provider does not work", str(problem))
    drop_cookie(request, response, COOKIE)
    return response


def provider_of(request: Request) -> Provider:
    """The provider of the settings.

    Raises: NotFound where the settings name none.
    """
    settings = ground_of(request).settings.people.oidc
    if settings is None:
        raise NotFound("no identity provider is set up here (settings, [service.people.oidc])")
    found: Provider | None = getattr(request.app.state, "provider", None)
    if found is None:
        found = request.app.state.provider = Provider(settings)
    return found


def _welcome(
    request: Request,
    provider: Provider,
    *,
    pending: Pending | None,
    code: str | None,
    state: str | None,
    iss: str | None,
) -> Response:
    ground = ground_of(request)
    if pending is None or state is None or not compare_digest(pending.state.encode(), state.encode()):
        raise Forbidden("this login was not begun in this browser, or too long ago; begin again")
    if iss is not None and iss != provider.settings.issuer:
        raise Forbidden("another identity provider answered than was asked")
    if code is None:
        raise Forbidden("the identity provider did not let you in")
    now = ground.now()
    person = provider.finish(code=code, redirect_uri=_redirect_uri(request), pending=pending, now=now)
    if not person.roles:
        raise Forbidden("none of your groups has a role here; ask your administrator to give you one")
    user = foreign_user(
        ground.database,
        subject=person.subject,
        login=person.login,
        name=person.name,
        roles=person.roles,
        now=now,
    )
    if user is None:
        raise Forbidden("your account here was deactivated; ask your administrator")
    # a page of ours goes on, not a redirect: after one, the strict cookie would still count as sent from elsewhere
    response = _page(200, "Logged in", "You are logged in.", onward=pending.onward)
    start_session(request, response, user)
    return response


def _tell_refused(request: Request, why: str) -> None:
    ground = ground_of(request)
    if not throttle_of(request.app).strangers.allows(address_of(request) or "", now=ground.now()):
        return
    audit.append(
        ground.database,
        actor="anonymous",
        roles=(),
        action=Action.LOGIN_REFUSED,
        object="user/of the identity provider",
        outcome=Outcome.REFUSED,
        address=address_of(request),
        now=ground.now(),
        why=why,
    )


def _redirect_uri(request: Request) -> str:
    """Our address as people see it; behind a proxy only the settings know."""
    here = request.url_for("oidc_callback")
    public = ground_of(request).settings.public_url
    return str(here) if public is None else f"{public}{here.path}"


def _inside(path: str | None) -> str:
    """Where to go after the login: a path of ours, never another site."""
    fine = path is not None and path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if path is not None and fine and path.isprintable() else "/"


def _packed(pending: Pending) -> str:
    return urlsafe_b64encode(json.dumps(asdict(pending)).encode()).decode()


def _unpacked(text: str | None) -> Pending | None:
    try:
        told = json.loads(urlsafe_b64decode(text or ""))
        pending = Pending(**told)
    except (ValueError, TypeError):
        return None
    if not all(isinstance(part, str) for part in asdict(pending).values()):
        return None
    return Pending(**{**asdict(pending), "onward": _inside(pending.onward)})


def _page(status: int, title: str, text: str, *, onward: str | None = None) -> Response:
    refresh = f'<meta http-equiv="refresh" content="0;url={escape(onward)}">' if onward else ""
    html = PAGE.format(title=escape(title), text=escape(text), onward=refresh, link=escape(onward or "/"))
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
