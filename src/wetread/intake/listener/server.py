"""The listener of one process: a port, the associations on it, and how they end."""

import errno
import logging
import socket
import sys
import threading
import time
from socketserver import BaseRequestHandler, BaseServer
from typing import TYPE_CHECKING, cast

import structlog
from pynetdicom.transport import AddressInformation

from wetread.errors import ConfigurationError
from wetread.intake.listener.association import FromSender
from wetread.intake.listener.hall import ASK_WITHIN_S, Hall
from wetread.intake.listener.wire import Wire
from wetread.intake.spool import Spool
from wetread.intake.tls import tls_context

if TYPE_CHECKING:
    from wetread.settings import ListenerSettings

log = structlog.wrap_logger(logging.getLogger("wetread.listener"))
BACKLOG = 128
RECEIVE_BUFFER_BYTES = 4 * 1024**2
LOOK_S = 0.05


class Connection(BaseRequestHandler):
    """One connection that somebody opened; its association runs in threads of its own."""

    server: "Server"

    def handle(self) -> None:
        """Shake hands where TLS is on, then leave it to the association."""
        sock = self.server.secured(self.request)
        wire = Wire(sock, silence_s=self.server.silence_s, stop=self.server.stop)
        association = FromSender(self.server, wire, AddressInformation.from_tuple(self.client_address))
        association.start()


class Server(Hall):
    """Connections come in here; a handshake or a flood of them holds nobody else up."""

    daemon_threads = True
    request_queue_size = BACKLOG

    def __init__(
        self, spool: Spool, settings: "ListenerSettings", address: tuple[str, int], *, shares_port: bool
    ) -> None:
        self._shares_port = shares_port
        self._tls = tls_context(settings, "service.listener")
        super().__init__(spool, settings, address, Connection)

    def server_bind(self) -> None:
        """Bind, with the port shared where several processes listen."""
        self.socket = cast("socket.socket", self.socket)
        if self._shares_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        super().server_bind()

    def shutdown(self) -> None:
        """Take no further connection and let go of the port."""
        BaseServer.shutdown(self)
        self.server_close()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """The next connection. The handshake comes later, in its own thread."""
        try:
            connection, address = cast("socket.socket", self.socket).accept()
        except OSError as problem:
            if problem.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                time.sleep(LOOK_S)  # it stays in the queue: without a pause we would spin
            raise
        return connection, address

    def process_request_thread(self, request: object, client_address: object) -> None:
        """A connection's first moments, in a thread of its own."""
        try:
            self.finish_request(cast("socket.socket", request), cast("tuple[str, int]", client_address))
        except Exception as problem:  # noqa: BLE001 - the edge of a thread: the others go on
            self._refuse(request, problem)

    def handle_error(self, request: object, client_address: object) -> None:
        """There was no thread for the connection; the caller closes it."""
        del client_address
        self._refuse(request, sys.exception() or RuntimeError())

    def _refuse(self, request: object, problem: BaseException) -> None:
        log.warning("connection refused", why=str(getattr(problem, "reason", None) or type(problem).__name__))
        self.shutdown_request(cast("socket.socket", request))
        self.left()

    def secured(self, request: socket.socket) -> socket.socket:
        """The connection under TLS where the site wants that.

        Raises: OSError (the handshake failed or took too long).
        """
        if self._tls is None:
            return request
        request.settimeout(min(ASK_WITHIN_S, self.silence_s))
        return self._tls.wrap_socket(request, server_side=True)


class Listener:
    """Listens for DICOM senders from `start` to `stop`. No sender is told that an object is here before it is safe."""

    def __init__(
        self, spool: Spool, settings: "ListenerSettings", address: tuple[str, int], *, shares_port: bool = False
    ) -> None:
        """Bind the port.

        Raises: ConfigurationError (the address can't be had, certificates that don't fit).
        """
        logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # it logs what peers send; we say what matters
        try:
            self._server = Server(spool, settings, address, shares_port=shares_port)
        except OSError as problem:
            where = f"{address[0]}:{address[1]}"
            raise ConfigurationError(f"can't listen for DICOM on {where}: {problem.strerror or problem}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_S,), name="dicom", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as bound."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    @property
    def open_count(self) -> int:
        """How many connections there are."""
        return self._server.open_count

    def start(self) -> None:
        """Take senders from now on."""
        self._thread.start()

    def stop(self, grace_s: float = 5.0) -> None:
        """Take nobody any more, let objects under way finish for so long, abort the rest."""
        self._server.shutdown()
        self._thread.join()
        self._server.stop.soon = True
        self._wait(grace_s)
        self._server.stop.now = True
        self._wait(2.0)

    def _wait(self, longest_s: float) -> None:
        until = time.monotonic() + longest_s
        while self.open_count and time.monotonic() < until:
            time.sleep(LOOK_S)
