"""One association with a node, with every failure named, that another thread may end."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext

from wetread.delivery.network.line import Caller, connect, end, words_of
from wetread.delivery.network.peer import Peer
from wetread.dicom.turns import take_turns
from wetread.errors import DeliveryFailed

SLOWEST_BYTES_PER_S = 100_000  # a line that is slower is given up in the middle of an object
PERMANENT = 1  # result of an A-ASSOCIATE-RJ (PS3.8 table 9-21)
REMEDIES: dict[tuple[int | None, int | None], str] = {  # by source and reason
    (1, 3): "enter our AE title {ours} there, or set calling_ae_title to one that it knows",
    (1, 7): "set ae_title to what it calls itself",
}
LOOK = "look at the node's log"

Handler = tuple[evt.EventType, Callable[[evt.Event], object]]


class Call:
    """A try to talk to a node. `cut` ends it from another thread, also before it has begun."""

    def __init__(self, peer: Peer) -> None:
        logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # it logs what peers send; we say what matters
        self.peer = peer
        self._lock = threading.Lock()
        self._is_cut = False
        self._connected: socket.socket | None = None
        self._caller: Caller | None = None

    def cut(self) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._is_cut = True
            if self._connected is not None:
                end(self._connected)

    @contextmanager
    def association(
        self, contexts: list[PresentationContext], *, largest_bytes: int = 0, handlers: Sequence[Handler] = ()
    ) -> Iterator[Association]:
        """An association on which the node takes at least one of the contexts; released at the end.

        Raises: DeliveryFailed.
        """
        connected = self._connect()
        self._caller = Caller(self.peer, connected, slowest_s=largest_bytes / SLOWEST_BYTES_PER_S)
        here = connected.getsockname()[0]  # an address for its records: the line is connected already
        association = self._caller.associate(
            here, self.peer.port, contexts=contexts, ae_title=self.peer.ae_title, evt_handlers=list(handlers)
        )
        try:
            if not association.is_established:
                raise self._refusal(association)
            take_turns(association)
            yield association
        finally:
            if association.is_established:
                association.release()
            connected.close()

    def lost(self) -> DeliveryFailed:
        """The association ended while something was to be said on it."""
        line = self._caller.line if self._caller is not None else None
        problem = line.problem if line is not None else None
        if isinstance(problem, ssl.SSLError) and "ALERT" in (problem.reason or ""):
            what = f"it refuses the TLS connection ({problem.reason})"
            return self.peer.for_good(what, "see tls.certificate_file and tls.key_file")
        told = f" ({words_of(problem)})" if problem is not None else ""
        return self.peer.for_now(f"it broke off or fell silent{told}")

    def _connect(self) -> socket.socket:
        connected = connect(self.peer)
        with self._lock:
            self._connected = connected
            if self._is_cut:
                end(connected)
        return connected

    def _refusal(self, association: Association) -> DeliveryFailed:
        answer = association.acceptor.primitive
        if association.is_rejected and isinstance(answer, A_ASSOCIATE):
            what = f"it rejects the association ({answer.reason_str.lower()})"
            if answer.result != PERMANENT:
                return self.peer.for_now(what)
            remedy = REMEDIES.get((answer.result_source, answer.diagnostic), LOOK).format(ours=self.peer.our_ae_title)
            return self.peer.for_good(what, remedy)
        if association.rejected_contexts:
            names = sorted({str(one.abstract_syntax) for one in association.rejected_contexts})
            return self.refused_classes(names)
        return self.lost()

    def refused_classes(self, sop_classes: Sequence[str]) -> DeliveryFailed:
        """The node does not take these SOP classes."""
        names = ", ".join(UID(uid).name for uid in sop_classes)
        return self.peer.for_good(f"it does not take {names}", "change objects or commitment, or the node's settings")
