"""What every request passes before any route: a known host, a decodable path; and what every answer carries."""

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wetread.server.problems import problem

CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WORKLIST = "/api/v1/worklist"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Guarded:
    """Refuses requests for other hosts (DNS rebinding) and with NUL in their address; sets the security headers.

    `hosts` are the names we answer to, None answers to every name.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] | None = None) -> None:
        self.app = app
        self.hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _protect(MutableHeaders(scope=message))
            await send(message)

        if why := self._refusal(scope):
            await problem(400, why)(scope, receive, told)
            return
        await self.app(scope, receive, told)

    def _refusal(self, scope: Scope) -> str | None:
        host = _name(Headers(scope=scope).get("host", ""))
        if self.hosts is not None and host not in self.hosts:
            return "this host name is not ours; call the address that the service prints when it starts"
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return "the address holds a NUL character"
        return None


def _name(host: str) -> str:
    """The host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _protect(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("Cache-Control", "no-store")


class SqueezedList:
    """The worklist leaves compressed where the caller takes that: no answer is asked for as often and as large.

    The others stay as they are: a secret beside what a caller chose must not be compressed (BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.squeezed = GZipMiddleware(app, minimum_size=1024, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        is_list = scope["type"] == "http" and scope["path"] == WORKLIST
        await (self.squeezed if is_list else self.app)(scope, receive, send)
