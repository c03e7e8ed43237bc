"""A DICOM node as a destination: a report's objects by C-STORE, with storage commitment where the site wants it."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wetread.delivery.made import Made, uid_of
from wetread.delivery.objects_of import Make, maker, reference_of
from wetread.delivery.tools import Tools
from wetread.domain.report import Commitment, Receipt, Report
from wetread.errors import ConfigurationError, MissingExtra
from wetread.settings import DestinationSettings

if TYPE_CHECKING:
    from wetread.delivery.network.call import Call
    from wetread.delivery.network.peer import Peer

NEEDS = "sending to a DICOM node needs {}: pip install 'wetread[interop,server]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomNode:
    """Sends objects whose UIDs follow from the report: an archive that has them already keeps them once.

    `commitment_wait_s` is how long a promise to keep them is waited for, None where none is asked for.
    """

    name: str
    peer: "Peer"
    make: Make = field(repr=False)
    commitment_wait_s: float | None = None

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Self:
        """The node of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        try:
            from wetread.delivery.network.call import Call  # noqa: F401 - is everything here that it needs?
            from wetread.delivery.network.peer import Peer
            from wetread.delivery.network.tls import client_context
        except ModuleNotFoundError as problem:
            raise MissingExtra(NEEDS.format(problem.name)) from None
        missing = [key for key in ("host", "port", "ae_title") if getattr(own, key) is None]
        if own.host is None or own.port is None or own.ae_title is None:
            raise ConfigurationError(f"service.destinations.{name}: kind dicom needs {' and '.join(missing)}")
        peer = Peer(
            name=name,
            host=own.host,
            port=own.port,
            ae_title=own.ae_title,
            our_ae_title=own.calling_ae_title or tools.ae_title,
            timeout_s=own.timeout_s,
            tls=None if own.tls is None else client_context(name, own.tls),
        )
        return cls(
            name=name,
            peer=peer,
            make=maker(own, tools),
            commitment_wait_s=own.commitment_wait_s if own.commitment else None,
        )

    async def deliver(self, report: Report) -> Receipt:
        """Send all objects of the report; the receipt says which, and whether a promise to keep them is still to come.

        Raises: DeliveryFailed, InputError (the study has no DICOM objects), MissingExtra.
        """
        from wetread.delivery.network.call import Call

        call = Call(self.peer)
        try:
            return await asyncio.to_thread(self._deliver, report, call)
        except asyncio.CancelledError:
            call.cut()
            raise

    def _deliver(self, report: Report, call: "Call") -> Receipt:
        objects = self.make(report)
        if not objects:
            return self._receipt(report, objects, (), None)
        from wetread.delivery.network.commitment import Asking, commitment_context
        from wetread.delivery.network.storing import check_accepted, storage_contexts, store

        asking = None
        if self.commitment_wait_s is not None:
            asking = Asking(uid_of("commitment", report.report_id, self.name), objects)
        contexts = storage_contexts(objects) + ([commitment_context()] if asking else [])
        largest_bytes = max(len(one.data) for one in objects)
        handlers = asking.handlers if asking else ()
        with call.association(contexts, largest_bytes=largest_bytes, handlers=handlers) as association:
            check_accepted(association, call, contexts)
            notes = [store(association, call, one, message_id=n) for n, one in enumerate(objects, start=1)]
            is_given = asking.ask(association, call) if asking else None
        return self._receipt(report, objects, tuple(note for note in notes if note), is_given)

    def _receipt(
        self, report: Report, objects: tuple[Made, ...], notes: tuple[str, ...], is_given: bool | None
    ) -> Receipt:
        commitment = None
        if is_given is not None and self.commitment_wait_s is not None:
            commitment = Commitment(
                transaction_uid=uid_of("commitment", report.report_id, self.name),
                objects=len(objects),
                wait_s=self.commitment_wait_s,
                is_given=is_given,
            )
        reference = reference_of(objects, notes)
        return Receipt(destination=self.name, report_id=report.report_id, reference=reference, commitment=commitment)
