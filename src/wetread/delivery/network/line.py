"""The connection to a node: opened by us, so that what goes wrong has a name, then handed to pynetdicom."""

import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from wetread.delivery.network.peer import Peer

if TYPE_CHECKING:
    from pynetdicom.association import Association

CONNECT_S = 10.0
LONGEST_PDU_BYTES = 1 << 20  # what a peer tells us is short: answers and lists of UIDs
PIECE_BYTES = 1 << 16
LAST_WORDS_S = 0.5
CONNECTED, CLOSED = "Evt2", "Evt17"  # events of the state machine (PS3.8 section 9.2)


def connect(peer: Peer) -> socket.socket:
    """A connection to the node, under TLS where the site wants that.

    Raises: DeliveryFailed.
    """
    try:
        plain = socket.create_connection((peer.host, peer.port), min(CONNECT_S, peer.timeout_s))
    except OSError as problem:
        raise peer.for_now(f"it can't be reached ({problem.strerror or type(problem).__name__})") from None
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(peer.timeout_s)
        return plain if peer.tls is None else peer.tls.wrap_socket(plain, server_hostname=peer.host)
    except ssl.SSLCertVerificationError as problem:
        plain.close()
        raise peer.for_good(f"its certificate does not hold ({problem.verify_message})", "see tls.ca_file") from None
    except OSError as problem:  # TLS errors are OS errors
        plain.close()
        raise peer.for_now(f"no TLS connection came about ({words_of(problem)})") from None


def end(connected: socket.socket) -> None:
    """End a connection now, from whatever thread."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def words_of(problem: Exception) -> str:
    """A problem of a connection in few words."""
    if isinstance(problem, TimeoutError):
        return "silence"
    return getattr(problem, "reason", None) or getattr(problem, "strerror", None) or type(problem).__name__


class Line(AssociationSocket):
    """pynetdicom's socket over a connection that is there already: no wait in it is without end."""

    def __init__(self, association: "Association", connected: socket.socket, timeout_s: float) -> None:
        self._connected = connected
        self._timeout_s = timeout_s
        self.problem: Exception | None = None
        super().__init__(association, address=AddressInformation.from_tuple(connected.getsockname()))

    def _create_socket(self, address: AddressInformation) -> socket.socket:
        del address
        return self._connected

    def connect(self, primitive: T_CONNECT) -> None:
        """It is connected: say so."""
        self._is_connected = True
        primitive.result = CONNECTED
        self.provider_queue.put(primitive)
        self._ready.set()

    def recv(self, nr_bytes: int) -> bytearray:
        """The next bytes of a PDU; fewer where the connection ends.

        Raises: OSError (a PDU of impossible length, or one that does not end in time).
        """
        if nr_bytes > LONGEST_PDU_BYTES:
            self.problem = OSError("a PDU of impossible length")
            raise self.problem
        received, until = bytearray(), time.monotonic() + self._timeout_s
        try:
            while len(received) < nr_bytes:
                piece = self._open_socket(until).recv(min(PIECE_BYTES, nr_bytes - len(received)))
                if not piece:
                    break
                received += piece
        except OSError as problem:
            self.problem = problem
            raise
        return received

    def send(self, bytestream: bytes) -> None:
        """Send a PDU; a connection that is lost becomes an event of the state machine."""
        rest = memoryview(bytestream)
        try:
            while rest:
                rest = rest[self._open_socket(None).send(rest[:PIECE_BYTES]) :]
        except OSError as problem:
            self.problem = self._last_words() or problem
            self.event_queue.put(CLOSED)

    def _last_words(self) -> ssl.SSLError | None:
        """Why the peer closed, where it said so under TLS before it did (RFC 8446 section 6.2)."""
        try:
            if self.socket is not None:
                self.socket.settimeout(LAST_WORDS_S)
                self.socket.recv(1)
        except ssl.SSLError as alert:
            return alert
        except OSError:
            return None
        return None

    def _open_socket(self, until: float | None) -> socket.socket:
        left_s = self._timeout_s if until is None else until - time.monotonic()
        if self.socket is None or left_s <= 0:
            raise TimeoutError
        self.socket.settimeout(left_s)
        return self.socket

    def _shutdown_socket(self) -> None:
        end(self._connected)
        self._connected.close()


class Caller(ApplicationEntity):
    """Our side of one association."""

    def __init__(self, peer: Peer, connected: socket.socket, *, slowest_s: float) -> None:
        super().__init__(peer.our_ae_title)
        self._peer = peer
        self._connected = connected
        self.line: Line | None = None
        self.acse_timeout = self.network_timeout = peer.timeout_s
        self.dimse_timeout = peer.timeout_s + slowest_s

    def _create_socket(self, assoc: "Association", *_: object) -> AssociationSocket:
        self.line = Line(assoc, self._connected, self._peer.timeout_s)
        return cast("AssociationSocket", self.line)
