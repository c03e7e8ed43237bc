"""The cookies we set: HttpOnly, SameSite, over https with the `__Host-` prefix, so that no other host can set them."""

from fastapi import Request, Response

from wetread.server.state import ground_of
from wetread.settings.loopback import is_loopback

SESSION = "wetread"
PREFIX = "__Host-"


def session_cookie(request: Request) -> str | None:
    """The session's secret as the browser sent it."""
    return read_cookie(request, SESSION)


def set_session(request: Request, response: Response, secret: str, *, longest_s: float) -> None:
    """Give the browser a session. `Strict`: no other site's link or form ever carries it."""
    response.set_cookie(
        cookie_name(request, SESSION),
        secret,
        max_age=int(longest_s),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def set_passing(request: Request, response: Response, name: str, value: str, *, longest_s: int) -> None:
    """Give the browser something short-lived that a redirect from another site brings back (`Lax`)."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=longest_s,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def read_cookie(request: Request, name: str) -> str | None:
    """A cookie of ours; over https only the one that nobody else can have set."""
    return request.cookies.get(cookie_name(request, name))


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(cookie_name(request, name), path="/", secure=is_secure(request), httponly=True)


def cookie_name(request: Request, name: str) -> str:
    """The name under which the cookie travels here."""
    return f"{PREFIX}{name}" if is_secure(request) else name


def is_secure(request: Request) -> bool:
    """Whether cookies are for https only: always over https, else by the settings, but for a loopback host."""
    settings = ground_of(request).settings
    if request.url.scheme == "https" or (settings.public_url or "").startswith("https:"):
        return True
    host = request.url.hostname or ""
    return settings.people.secure_cookie and not (is_loopback(host) or host.endswith(".localhost"))
