"""An association with a sender: pynetdicom's states and negotiation, our data phase in between."""

import logging
import socket
import threading
import time
from contextlib import suppress
from typing import cast

import structlog
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AddressInformation, AssociationSocket

from wetread.intake.listener.event_report import Reports
from wetread.intake.listener.hall import Hall
from wetread.intake.listener.inbox import Inbox, Sender, name_of
from wetread.intake.listener.negotiation import Refusal, accepted, choose, refusal_of
from wetread.intake.listener.receive import DataPhase
from wetread.intake.listener.wire import Ended, PeerGone, Wire

log = structlog.wrap_logger(logging.getLogger("wetread.listener"))
CONTROL_LIMIT_BYTES = 1024 * 1024  # an A-ASSOCIATE-RQ of 128 contexts with every syntax has a quarter of it
LAST_WORDS_S = 1.0  # so long a sender may take to close after our last PDU
LOOK_S = 0.005
WAITS_TO_BE_ASKED, TRANSFERS, WAITS_TO_CLOSE = "Sta2", "Sta6", "Sta13"  # states of PS3.8 section 9.2
INVALID_PDU, CLOSED = "Evt19", "Evt17"


class Channel(AssociationSocket):
    """pynetdicom's socket over our wire, so that both read the same bytes once."""

    def __init__(self, association: Association, wire: Wire) -> None:
        super().__init__(association, client_socket=wire.socket)
        self.wire = wire

    @property
    def ready(self) -> bool:
        """Whether something can be read."""
        return bool(self.wire.ahead) or super().ready

    def recv(self, nr_bytes: int) -> bytearray:
        """The next bytes of a PDU that holds no data.

        Raises: Ended.
        """
        if nr_bytes > CONTROL_LIMIT_BYTES:
            raise Ended("a PDU of impossible length")
        return bytearray(self.wire.take(nr_bytes))

    def send(self, bytestream: bytes) -> None:
        """Send a PDU; a lost connection becomes an event of the state machine."""
        try:
            self.wire.send(bytestream)
        except OSError:
            self.event_queue.put(CLOSED)

    def _shutdown_socket(self) -> None:
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()


class Upper(DULServiceProvider):
    """The upper layer of one association; while data comes its thread does nothing but receive."""

    def __init__(self, association: "FromSender", wire: Wire) -> None:
        super().__init__(association)
        self.daemon = True
        self.wire = wire
        self.phase: DataPhase | None = None
        self.data_over = threading.Event()
        self.ended = "released"

    def run_reactor(self) -> None:
        """The thread's life. Whatever happens in it ends this association only."""
        try:
            super().run_reactor()
        except Exception as problem:  # noqa: BLE001 - the edge of a thread: the others go on
            log.warning("association broke", why=type(problem).__name__)
        finally:
            self.data_over.set()

    def _is_transport_event(self) -> bool:
        state = self.state_machine.current_state
        if state == WAITS_TO_CLOSE:
            self.wire.discard(LAST_WORDS_S)
            cast("Channel", self.socket).close()
            return True
        if state == TRANSFERS and self.phase is not None and not self.data_over.is_set():
            self._receive(self.phase)
            return True
        if state == WAITS_TO_BE_ASKED and self.wire.stop.soon:
            cast("Channel", self.socket).close()
            return True
        return super()._is_transport_event()

    def _receive(self, phase: DataPhase) -> None:
        self.wire.until = None
        try:
            phase.run()
        except PeerGone as problem:
            self.ended = str(problem)
            self.event_queue.put(CLOSED)
        except Ended as problem:
            self.ended = str(problem)
            log.warning("association aborted", why=self.ended, sender=phase.inbox.sender.calling)
            self.event_queue.put(INVALID_PDU)
        finally:
            phase.inbox.close(self.ended)
            self.data_over.set()


class Door(ACSE):
    """Decides who comes in. What goes wrong here lets nobody in."""

    def _negotiate_as_acceptor(self) -> None:
        association = cast("FromSender", self.assoc)
        request = association.requestor.primitive
        if not isinstance(request, A_ASSOCIATE):
            association.kill()
            return
        sender = Sender(
            calling=str(request.calling_ae_title or "").strip(),
            called=str(request.called_ae_title or "").strip(),
            address=association.peer_address,
        )
        refusal = association.server.admit(association, refusal_of(sender.calling, sender.called, association.settings))
        if refusal is not None:
            self._refuse(refusal, sender)
            return
        proposed = request.presentation_context_definition_list
        association.acceptor.supported_contexts = choose(proposed)
        association.expect(sender)
        super()._negotiate_as_acceptor()

    def send_accept(self) -> None:
        """Say which contexts are taken; from the moment this is sent, data may come."""
        cast("FromSender", self.assoc).begin_data()
        super().send_accept()

    def _refuse(self, refusal: Refusal, sender: Sender) -> None:
        log.warning(
            "association refused", why=refusal.why, sender=sender.calling, called=sender.called, address=sender.address
        )
        self.send_reject(refusal.result, refusal.source, refusal.diagnostic)
        self.assoc.kill()


class FromSender(Association):
    """An association that somebody opened to send us objects."""

    def __init__(self, server: Hall, wire: Wire, peer: AddressInformation) -> None:
        super().__init__(server.ae, MODE_ACCEPTOR)
        self._server = server
        self.server = server
        self.settings = server.settings
        self.peer_address = peer.address
        self.daemon = True
        self.name = f"dicom-{peer.port}"
        self.acse = Door(self)
        self.upper = Upper(self, wire)
        self.dul = self.upper
        self.acse_timeout = server.ae.acse_timeout
        self.network_timeout = server.ae.network_timeout
        self.set_socket(Channel(self, wire))
        self.acceptor.maximum_length = server.settings.max_pdu_bytes
        self.acceptor.ae_title = server.ae_title
        self.acceptor.address_info = AddressInformation.from_tuple(server.server_address)
        self.acceptor.implementation_class_uid = server.ae.implementation_class_uid
        self.acceptor.implementation_version_name = server.ae.implementation_version_name
        self.requestor.address_info = peer
        self._sender: Sender | None = None

    def expect(self, sender: Sender) -> None:
        """Remember who it is."""
        self._sender = sender

    def begin_data(self) -> None:
        """The contexts are settled: make ready for objects."""
        assert self._sender is not None
        self._log_refused_contexts(self._sender)
        inbox = Inbox(self.server.spool, self._sender, self.server.limits)
        reports = Reports(self.server.events, self._sender.calling)
        phase = DataPhase(self.upper.wire, inbox, accepted(self.accepted_contexts), reports)
        phase.max_pdu_bytes = self.settings.max_pdu_bytes
        phase.peer_pdu_bytes = self.requestor.maximum_length or 0
        self.upper.phase = phase

    def run_reactor(self) -> None:
        """The thread's life: wait to be asked, negotiate, let data come, part."""
        try:
            self._live()
        except Exception as problem:  # noqa: BLE001 - the edge of a thread: the others go on
            log.warning("association broke", why=type(problem).__name__)
        finally:
            self.upper.kill_dul()
            if self.upper.ident is not None:
                self.upper.join(self.server.silence_s)
            cast("Channel", self.upper.socket)._shutdown_socket()
            self.server.left(self)

    def _live(self) -> None:
        self.upper.wire.until = time.monotonic() + (self.acse_timeout or self.server.silence_s)
        self.upper.start()
        self._started_dul = True
        while self.upper.is_alive() and self.upper.to_user_queue.empty():
            self.upper.join(LOOK_S)
        if not self.upper.to_user_queue.empty():
            super().run_reactor()

    def _run_reactor(self) -> None:
        self.upper.data_over.wait()
        super()._run_reactor()

    def _log_refused_contexts(self, sender: Sender) -> None:
        if self.rejected_contexts:
            names = sorted({name_of(str(context.abstract_syntax)) for context in self.rejected_contexts})
            log.warning("presentation contexts refused", sop_classes=names, sender=sender.calling)
