"""The network side of a DICOM node: associations, C-ECHO, C-FIND, C-MOVE and C-GET, with named failures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    MPEGTransferSyntaxes,
    RLETransferSyntaxes,
)
from pynetdicom import AE, AllStoragePresentationContexts, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation as Role
from pynetdicom.presentation import PresentationContext

from wetread.dicom.turns import take_turns
from wetread.errors import SourceUnavailable

# Verification and the study root query/retrieve classes (PS3.4 C.6.2.3)
ECHO = "1.2.840.10008.1.1"
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{last}" for last in (1, 2, 3))
PENDING, WARNING = frozenset((0xFF00, 0xFF01)), 0xB000
CANNOT_MOVE = frozenset((0xA801, 0x0122, 0x0124))  # destination unknown; class not supported; not authorised
MOST_CONTEXTS = 128  # an association holds no more: their ids are the odd numbers below 256
MOST_ITEMS = 10_000
CONNECT_S = 10.0
PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
COMPRESSED = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes, *RLETransferSyntaxes)
USUAL = (*PLAIN, *COMPRESSED, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)
NEWER = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (110, 111, 112, 201, 202, 203))  # JPEG XL, HTJ2K
RARE = (*NEWER, *MPEGTransferSyntaxes, "1.2.840.10008.1.2.8.1")  # the last: deflated frames
OFFERS = tuple(tuple(dict.fromkeys(map(str, offer))) for offer in ((*USUAL, *RARE), USUAL, PLAIN))

Keep = Callable[[bytes], int]
Handler = tuple[evt.InterventionEvent, Callable[[evt.Event], int]]


class NothingMoves(SourceUnavailable):
    """The node does not move anything to us, today or tomorrow, until somebody tells it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """How a retrieval ended: its last status, how many objects were sent and how many were not."""

    status: int
    completed: int
    failed: int

    @property
    def whole(self) -> bool:
        """Whether nothing failed."""
        return self.failed == 0 and self.status in {0, WARNING}


class Link:
    """The way to one node. Every failure is a SourceUnavailable that names the source and what to do."""

    def __init__(
        self, name: str, address: tuple[str, int], *, ae_title: str, our_ae_title: str, timeout_s: float
    ) -> None:
        self.address, self.ae_title, self.our_ae_title = address, ae_title, our_ae_title
        self._name = name
        self._timeout_s = timeout_s

    def echo(self) -> None:
        """Raises: SourceUnavailable where the node does not answer a C-ECHO."""
        with self.association([build_context(ECHO)]) as association:
            status = association.send_c_echo()
            if not status or status.Status != 0:
                raise self.trouble("it does not answer a C-ECHO")

    def find(self, asking: Association, asked: Dataset, *, context: str = FIND) -> list[Dataset]:
        """What a search gives; `context` is the abstract syntax to search in.

        Raises: SourceUnavailable.
        """
        found: list[Dataset] = []
        for status, one in asking.send_c_find(asked, context):
            if "Status" not in status:
                raise self.trouble("it fell silent during a search; it is asked again")
            if status.Status in PENDING and one is not None:
                found.append(one)
            elif status.Status not in {0, *PENDING}:
                raise self.trouble(f"it refuses the search (0x{status.Status:04X}); does it allow C-FIND from us?")
            if len(found) >= MOST_ITEMS:
                raise self.trouble(f"it lists more than {MOST_ITEMS:,} items; lower look_back_days")
        return found

    def move(self, asked: Dataset) -> Concluded:
        """Have objects sent to our listener.

        Raises: NothingMoves, SourceUnavailable.
        """
        how = f'enter {self.our_ae_title}, our host and port there, or set retrieve = "get"'
        with self.association([build_context(MOVE)]) as association:
            if not association.is_established:
                raise NothingMoves(f"source {self._name!r}: node {self.ae_title} offers no C-MOVE; {how}")
            last = self._last(association.send_c_move(asked, self.our_ae_title, MOVE))
        if last.status in CANNOT_MOVE or not (
            last.completed or last.whole
        ):  # some say no more than "unable to process"
            told = f"moves nothing to {self.our_ae_title} (0x{last.status:04X})"
            raise NothingMoves(f"source {self._name!r}: node {self.ae_title} {told}; {how}")
        return last

    def get(self, asked: Dataset, classes: Sequence[str], keep: Keep) -> Concluded:
        """Take objects over this association; `keep` is given each one as a file's bytes and answers its status.

        Raises: SourceUnavailable.
        """
        contexts = storage_contexts(classes)
        roles = [build_role(uid, scp_role=True) for uid in dict.fromkeys(str(c.abstract_syntax) for c in contexts)]
        handler = (evt.EVT_C_STORE, lambda event: keep(event.encoded_dataset()))
        with self.association([build_context(GET), *contexts], roles=roles, handler=handler) as association:
            if not association.is_established:
                raise self.trouble("it offers neither C-MOVE nor C-GET to us")
            return self._last(association.send_c_get(asked, GET))

    def _last(self, answers: Iterator[tuple[Dataset, Dataset | None]]) -> Concluded:
        """The answer that ends a retrieval.

        Raises: SourceUnavailable where the node broke off.
        """
        for status, _ in answers:
            if "Status" not in status:
                break
            if status.Status not in PENDING:
                return Concluded(
                    status=status.Status,
                    completed=int(status.get("NumberOfCompletedSuboperations") or 0),
                    failed=int(status.get("NumberOfFailedSuboperations") or 0),
                )
        raise self.trouble("it broke off; it is asked again")

    @contextmanager
    def association(
        self, contexts: list[PresentationContext], *, roles: Sequence[Role] = (), handler: Handler | None = None
    ) -> Iterator[Association]:
        """An association, released at the end. It is not established where the node accepts none of the contexts.

        Raises: SourceUnavailable.
        """
        ae = AE(ae_title=self.our_ae_title)
        ae.acse_timeout = ae.network_timeout = ae.dimse_timeout = self._timeout_s
        ae.connection_timeout = min(CONNECT_S, self._timeout_s)
        host, port = self.address
        association = ae.associate(
            host,
            port,
            contexts=contexts,
            ae_title=self.ae_title,
            max_pdu=0,
            ext_neg=list(roles),
            evt_handlers=[handler] if handler else [],
        )
        try:
            if association.is_rejected:
                raise self.trouble("it rejects us; does it know our AE title and the one we call it by?")
            if not association.is_established and not association.rejected_contexts:
                raise self.trouble("it can't be reached; it is asked again")
            take_turns(association)
            yield association
        finally:
            if association.is_established:
                association.release()

    def trouble(self, what: str) -> SourceUnavailable:
        """The error that says it."""
        return SourceUnavailable(f"source {self._name!r}: node {self.ae_title}: {what}")


def storage_contexts(classes: Sequence[str]) -> list[PresentationContext]:
    """What to offer for storage: each transfer syntax by itself, if it fits, so that objects come as stored."""
    storage = [uid for uid in classes if UID(uid).is_valid]
    storage = storage or [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    for offer in OFFERS:
        if len(storage) * len(offer) < MOST_CONTEXTS:
            return [build_context(uid, syntax) for uid in storage for syntax in offer]
    return [build_context(uid, list(PLAIN)) for uid in storage[: MOST_CONTEXTS - 1]]


def asked(level: str, **keys: str) -> Dataset:
    """A search or retrieval at a level; an empty key asks for its value."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    for key, value in keys.items():
        setattr(identifier, key, value)
    return identifier
