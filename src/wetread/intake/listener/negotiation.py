"""Whom we talk to, and about what: who may send, which presentation contexts are taken."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from wetread.intake.listener.event_report import PUSH_MODEL
from wetread.intake.listener.receive import VERIFICATION, Context

if TYPE_CHECKING:
    from wetread.settings import ListenerSettings

# Not kept: JPIP points elsewhere, ST 2110 is a live stream, the others are no data sets
NOT_KEPT = frozenset({
    "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205",
    "1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2",
    "1.2.840.10008.1.2.7.1", "1.2.840.10008.1.2.7.2", "1.2.840.10008.1.2.7.3", "1.2.840.10008.1.20",
})  # fmt: skip

REPORTS = PUSH_MODEL.decode()  # storage commitment, whose reports an archive sends us in the role of the SCP
READ_HERE = frozenset((str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian)))  # what a report may be written in
NO_OBJECTS = frozenset({"Directory", "Commitment"})  # words in the names of storage classes that nothing is sent by


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An association is rejected; the numbers are those of PS3.8 table 9-21."""

    why: str
    result: int
    source: int
    diagnostic: int


UNKNOWN_CALLING = Refusal(why="calling AE title not allowed", result=1, source=1, diagnostic=3)
UNKNOWN_CALLED = Refusal(why="called AE title is not ours", result=1, source=1, diagnostic=7)
TOO_MANY = Refusal(why="too many associations", result=2, source=3, diagnostic=2)


def refusal_of(calling: str, called: str, settings: "ListenerSettings") -> Refusal | None:
    """Why this association is not wanted, None where it is."""
    if settings.allowed_calling and calling not in {title.strip() for title in settings.allowed_calling}:
        return UNKNOWN_CALLING
    if settings.check_called and called != settings.ae_title.strip():
        return UNKNOWN_CALLED
    return None


def choose(proposed: list[PresentationContext]) -> list[PresentationContext]:
    """What we support, cut to what is proposed: in each context the first transfer syntax that we can keep.

    The proposed contexts are cut to that one too, so that a sender that proposes a class twice keeps both choices.
    """
    chosen: dict[str, set[str]] = {}
    for context in proposed:
        name = str(context.abstract_syntax)
        syntaxes = [str(syntax) for syntax in context.transfer_syntax]
        first = next((syntax for syntax in syntaxes if is_kept(syntax) and _is_read(name, syntax)), None)
        if not is_taken(name):
            continue
        if first is not None:
            context.transfer_syntax = [first]
        chosen.setdefault(name, set()).add(first or ImplicitVRLittleEndian)  # the default is never there: not accepted
    return [_supported(name, syntaxes) for name, syntaxes in chosen.items()]


def accepted(contexts: list[PresentationContext]) -> dict[int, Context]:
    """The accepted contexts by their number, as the data phase needs them."""
    return {
        context.context_id: Context(
            sop_class=str(context.abstract_syntax).encode("ascii", "replace"),
            transfer_syntax=str(context.transfer_syntax[0]).encode("ascii", "replace"),
        )
        for context in contexts
        if context.context_id is not None
    }


@lru_cache(maxsize=4096)
def is_kept(transfer_syntax: str) -> bool:
    """Whether a data set in this transfer syntax can be kept as it comes: every one that DICOM ever named but a few."""
    return UID(transfer_syntax).type == "Transfer Syntax" and transfer_syntax not in NOT_KEPT


@lru_cache(maxsize=4096)
def is_taken(sop_class: str) -> bool:
    """Whether a context is for us: verification, any storage class, reports of commitment, private and unknown ones."""
    if sop_class.encode("ascii", "replace") in {VERIFICATION, PUSH_MODEL}:
        return True
    service = uid_to_service_class(sop_class)
    if service is not ServiceClass:
        return issubclass(service, StorageServiceClass)
    known = UID(sop_class)
    words = set(known.name.split())
    return not known.type or (known.type == "SOP Class" and "Storage" in words and not NO_OBJECTS & words)


def _is_read(sop_class: str, transfer_syntax: str) -> bool:
    """Objects are kept as they come; reports are read."""
    return sop_class != REPORTS or transfer_syntax in READ_HERE


def _supported(sop_class: str, syntaxes: set[str]) -> PresentationContext:
    context = build_context(sop_class, sorted(syntaxes))
    if sop_class == REPORTS:
        context.scu_role = context.scp_role = True  # whatever role its sender selects; most select none
    return context
