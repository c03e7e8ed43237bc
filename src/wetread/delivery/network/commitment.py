"""Storage commitment (PS3.4 annex J, push model): the node is asked to promise that it keeps what it was sent."""

import threading
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.association import Association
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.presentation import PresentationContext

from wetread.delivery.made import Made
from wetread.delivery.network.call import Call, Handler
from wetread.delivery.network.statuses import Verdict, told, verdict_of
from wetread.dicom import PARSE_ERRORS
from wetread.dicom.values import integer, items, text

PUSH_MODEL, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"  # PS3.4 J.3.5
REQUEST, ALL_KEPT, SOME_FAILED = 1, 1, 2  # action type J.3.2.1, event types J.3.3.1
NOT_OURS, UNREADABLE = 0x0110, 0x0115  # what is answered to a report of another transaction, or of none
KNOWN_ALREADY = 0x0131  # the transaction was asked for before: the answer to that one counts
ANSWER_WITHIN_S = 3.0  # so long the answer is waited for on the same association; else it comes to our listener


def commitment_context() -> PresentationContext:
    """What to offer for it."""
    return build_context(PUSH_MODEL)


class Asking:
    """One question, and the answer where it comes at once. `handlers` belong to the association it is put on."""

    def __init__(self, transaction_uid: str, objects: Sequence[Made]) -> None:
        self.transaction_uid = transaction_uid
        self._objects = objects
        self._heard: Dataset | None = None
        self._event_type: int | None = None
        self._is_answered = threading.Event()

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """What listens to the association."""
        return (evt.EVT_N_EVENT_REPORT, self._hear), (evt.EVT_PDU_SENT, self._said)

    def ask(self, association: Association, call: Call) -> bool:
        """Whether the promise is given already; False where its answer is to come.

        Raises: DeliveryFailed (it won't promise, or says that it lost objects).
        """
        if not association.is_established:
            raise call.lost()
        try:
            answer, _ = association.send_n_action(self._question(), REQUEST, PUSH_MODEL, WELL_KNOWN)
        except (RuntimeError, ValueError):
            raise call.lost() from None
        if "Status" not in answer:
            raise call.lost()
        verdict = verdict_of(answer.Status)
        if verdict is Verdict.LATER:
            raise call.peer.for_now(f"it does not take the question for storage commitment: {told(answer.Status)}")
        if verdict is Verdict.NEVER and answer.Status != KNOWN_ALREADY:
            what = f"it refuses storage commitment: {told(answer.Status)}"
            raise call.peer.for_good(what, "allow it there, or set commitment = false")
        if not self._is_answered.wait(min(ANSWER_WITHIN_S, call.peer.timeout_s)):
            return False
        return self._judged(call)

    def _question(self) -> Dataset:
        asked = Dataset()
        asked.TransactionUID = self.transaction_uid
        asked.ReferencedSOPSequence = [_reference(one) for one in self._objects]
        return asked

    def _judged(self, call: Call) -> bool:
        assert self._heard is not None
        failed = [integer(item, "FailureReason") or 0 for item in items(self._heard, "FailedSOPSequence")]
        kept = {text(item, "ReferencedSOPInstanceUID") for item in items(self._heard, "ReferencedSOPSequence")}
        reasons = [reason for reason in failed if reason != KNOWN_ALREADY]
        missing = {one.sop_instance_uid for one in self._objects} - kept
        if not missing and self._event_type == ALL_KEPT:
            return True
        if failed and not reasons:
            return False
        what = f"it does not commit to {len(missing)} of {len(self._objects)} objects"
        what += f": {', '.join(sorted({told(reason) for reason in reasons}))}" if reasons else ""
        if any(verdict_of(reason) is Verdict.NEVER for reason in reasons):
            raise call.peer.for_good(what, "look at the node's log")
        raise call.peer.for_now(what)

    def _hear(self, event: evt.Event) -> tuple[int, None]:
        """A report comes; it is answered before the association goes on."""
        try:
            heard, event_type = event.event_information, event.event_type
        except PARSE_ERRORS:
            return UNREADABLE, None
        if text(heard, "TransactionUID") != self.transaction_uid:
            return NOT_OURS, None
        self._heard, self._event_type = heard, event_type
        return 0x0000, None

    def _said(self, event: evt.Event) -> None:
        """Our answer to the report has left: now the association may end."""
        if self._heard is not None and isinstance(event.pdu, P_DATA_TF):
            self._is_answered.set()


def _reference(one: Made) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
    return item
