"""N-EVENT-REPORT of storage commitment (PS3.4 J.3.3): an archive says which of the objects we sent it will keep."""

import logging
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import structlog
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from wetread.dicom import PARSE_ERRORS
from wetread.dicom.values import integer, items, text
from wetread.intake.commitments import MOST_OBJECTS, Kept, put
from wetread.intake.listener.command import DONE, Answer
from wetread.intake.listener.part10 import file_head

log = structlog.wrap_logger(logging.getLogger("wetread.listener"))
PUSH_MODEL = b"1.2.840.10008.1.20.1"
EVENT_LIMIT_BYTES = 4 * 1024**2  # ten thousand references have a third of it
ALL_KEPT, SOME_FAILED = 1, 2
UNKNOWN_FAILURE = 0x0110  # processing failure, where an item names no reason
NO_EVENT_TYPE = Answer(status=0x0113, comment="no such event type")
NO_TRANSACTION = Answer(status=0x0115, comment="no transaction UID in the report")
TOO_LONG = Answer(status=0x0213, comment="the report is too long")
NOT_WRITTEN = Answer(status=0x0213, comment="the report could not be kept")


class Reports:
    """Takes the reports of one association; none is answered before it is safe in the folder."""

    def __init__(self, folder: Path, peer: str) -> None:
        self._folder = folder
        self._peer = peer

    def take(self, event_type: int | None, data: bytes, transfer_syntax: bytes) -> Answer:
        """Keep what the report says; what to answer."""
        answer = self._taken(event_type, data, transfer_syntax)
        if answer != DONE:
            log.warning("report refused", status=f"{answer.status:04X}", why=answer.comment, sender=self._peer)
        return answer

    def _taken(self, event_type: int | None, data: bytes, transfer_syntax: bytes) -> Answer:
        if event_type not in {ALL_KEPT, SOME_FAILED}:
            return NO_EVENT_TYPE
        told = read_report(data, transfer_syntax, self._peer)
        if told is None:
            return NO_TRANSACTION
        if len(told.kept) + len(told.failed) > MOST_OBJECTS:
            return TOO_LONG
        try:
            put(self._folder, told)
        except OSError:
            return NOT_WRITTEN
        return DONE


def read_report(data: bytes, transfer_syntax: bytes, peer: str) -> Kept | None:
    """What a report's data set says; None where it names no transaction."""
    try:
        dataset = dcmread(BytesIO(file_head(PUSH_MODEL, b"", transfer_syntax) + data), stop_before_pixels=True)
        transaction = text(dataset, "TransactionUID") or ""
        kept, failed = _kept(dataset), _failed(dataset)
    except PARSE_ERRORS:
        return None
    if not UID(transaction).is_valid:
        return None
    return Kept(transaction_uid=transaction, kept=kept, failed=failed, peer=peer, at=datetime.now(UTC))


def _kept(dataset: Dataset) -> tuple[str, ...]:
    found = (text(item, "ReferencedSOPInstanceUID") for item in items(dataset, "ReferencedSOPSequence"))
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _failed(dataset: Dataset) -> tuple[tuple[str, int], ...]:
    return tuple(
        (text(item, "ReferencedSOPInstanceUID") or "", integer(item, "FailureReason") or UNKNOWN_FAILURE)
        for item in items(dataset, "FailedSOPSequence")
    )
