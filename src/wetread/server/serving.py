"""The app on a port: says when it is ready, ends its streams when it is told to stop."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from wetread.errors import ConfigurationError
from wetread.server.app_guard import LOOPBACK
from wetread.server.state import Ground

STOP_WITHIN_S = 10
KEEP_ALIVE_S = 75
BACKLOG = 2048


class Server(uvicorn.Server):
    """Uvicorn that tells when it is ready, and whose endless answers end with it."""

    def __init__(self, config: uvicorn.Config, ground: Ground, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ground = ground
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal says stop: first the streams end, then the connections."""
        self._ground.closing.set()
        super().handle_exit(sig, frame)


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises: ConfigurationError where the address can't be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as problem:
        raise ConfigurationError(f"--http {host}:{port} can't be listened on ({problem.strerror or problem})") from None
    return made


def hosts_for(host: str, public_url: str | None = None) -> frozenset[str] | None:
    """The host names that a server bound there answers to: on the loopback its own and that of the proxy before it."""
    bracketed = f"[{host}]" if ":" in host else host
    if bracketed not in LOOPBACK and not host.startswith("127."):
        return None
    public = urlsplit(public_url or "").hostname
    return LOOPBACK | {public} if public else LOOPBACK


def serve_app(app: FastAPI, listening: socket.socket, *, ready: Callable[[], None]) -> None:
    """Answer until SIGTERM or SIGINT. Nothing is logged of requests: their addresses may name a patient."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # its tracebacks quote what a request held
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again once it has ended, for whoever was here
        signal.signal(number, lambda *_: None)
    Server(config, app.state.ground, ready).run(sockets=[listening])
