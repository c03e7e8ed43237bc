"""What the associations of one listener share: where objects go, what is allowed, how many there are."""

import logging
import threading
from socketserver import BaseRequestHandler
from typing import TYPE_CHECKING

import structlog
from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import ThreadedAssociationServer

from wetread.intake.commitments import FOLDER
from wetread.intake.listener.inbox import Limits
from wetread.intake.listener.negotiation import TOO_MANY, Refusal
from wetread.intake.listener.part10 import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION
from wetread.intake.listener.wire import Stop
from wetread.intake.spool import Spool

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from wetread.settings import ListenerSettings

log = structlog.wrap_logger(logging.getLogger("wetread.listener"))
ASK_WITHIN_S = 30.0  # from the connection to a whole A-ASSOCIATE-RQ (ARTIM, PS3.8 section 9.1.5)
KNOCKING = 32  # connections that did not ask for an association yet, beside the associations


class Hall(ThreadedAssociationServer):
    """pynetdicom's server, with our count of who is here and of who may send."""

    def __init__(
        self,
        spool: Spool,
        settings: "ListenerSettings",
        address: tuple[str, int],
        handler: type[BaseRequestHandler],
    ) -> None:
        self.spool = spool
        self.events = spool.root.parent / FOLDER
        self.settings = settings
        self.limits = Limits(max_object_bytes=settings.max_object_bytes, min_free_bytes=settings.min_free_bytes)
        self.silence_s = settings.network_timeout_s
        self.stop = Stop()
        self._lock = threading.Lock()
        self._connections = 0
        self._admitted: set[Association] = set()
        super().__init__(_entity(settings), address, settings.ae_title, [], request_handler=handler)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether a further connection may even ask; it is counted from here on."""
        del request, client_address
        with self._lock:
            if self._connections < self.settings.max_associations + KNOCKING:
                self._connections += 1
                return True
        log.warning("connection closed", why="too many connections")
        return False

    def admit(self, association: "Association", refusal: Refusal | None) -> Refusal | None:
        """Count the association among those that send, unless it is refused or they are too many."""
        if refusal is not None:
            return refusal
        with self._lock:
            if len(self._admitted) >= self.settings.max_associations:
                return TOO_MANY
            self._admitted.add(association)
        return None

    def left(self, association: "Association | None" = None) -> None:
        """A connection is gone, with its association if it came to one."""
        with self._lock:
            self._connections -= 1
            if association is not None:
                self._admitted.discard(association)

    @property
    def open_count(self) -> int:
        """How many connections there are."""
        with self._lock:
            return self._connections


def _entity(settings: "ListenerSettings") -> ApplicationEntity:
    entity = ApplicationEntity(settings.ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION
    entity.maximum_associations = settings.max_associations + KNOCKING + 1  # it counts who did not ask too, we don't
    entity.maximum_pdu_size = settings.max_pdu_bytes
    entity.network_timeout = settings.network_timeout_s
    entity.acse_timeout = min(ASK_WITHIN_S, settings.network_timeout_s)
    return entity
