"""Objects to a node (C-STORE): in their own transfer syntax where it is taken, else written in a plain one."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from wetread.delivery.made import Made
from wetread.delivery.network.call import Call
from wetread.delivery.network.statuses import Verdict, told, verdict_of
from wetread.dicom import PARSE_ERRORS

PLAIN = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))
MEDIUM = 0x0000  # priority (PS3.7 section 9.3.1.1)


def storage_contexts(objects: Iterable[Made]) -> list[PresentationContext]:
    """For each SOP class its objects' own transfer syntax, and what it could be written in else."""
    contexts: list[PresentationContext] = []
    for sop_class, own in dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in objects):
        contexts.append(build_context(sop_class, own))
        contexts.append(build_context(sop_class, [plain for plain in PLAIN if plain != own]))
    return contexts


def check_accepted(association: Association, call: Call, contexts: Sequence[PresentationContext]) -> None:
    """Nothing is sent where only some of what was offered is taken.

    Raises: DeliveryFailed naming the SOP classes that are not taken.
    """
    taken = {context.abstract_syntax for context in association.accepted_contexts}
    if refused := {str(one.abstract_syntax) for one in contexts if one.abstract_syntax not in taken}:
        raise call.refused_classes(sorted(refused))


def store(association: Association, call: Call, one: Made, *, message_id: int) -> str | None:
    """Send one object; the node's reservation where it has one.

    Raises: DeliveryFailed.
    """
    dataset = _written_for(association, call, one)
    if not association.is_established:
        raise call.lost()
    try:
        answer = association.send_c_store(dataset, msg_id=message_id, priority=MEDIUM)
    except ValueError:
        what = f"the {one.kind.value.upper()} can't be written in a transfer syntax that it takes"
        raise call.peer.for_good(what, "choose other objects") from None
    except RuntimeError:
        raise call.lost() from None
    if "Status" not in answer:
        raise call.lost()
    verdict, status = verdict_of(answer.Status), int(answer.Status)
    what = f"it does not take the {one.kind.value.upper()}: {told(status)}"
    if verdict is Verdict.LATER:
        raise call.peer.for_now(what)
    if verdict is Verdict.NEVER:
        raise call.peer.for_good(what, "look at the node's log, or choose other objects")
    return f"{one.kind.value} with warning {status:04X}" if verdict is Verdict.WARNED else None


def _written_for(association: Association, call: Call, one: Made) -> FileDataset:
    """The object in a transfer syntax that the node takes; pixels are only ever decoded, never compressed.

    Raises: DeliveryFailed.
    """
    accepted = {
        str(context.transfer_syntax[0])
        for context in association.accepted_contexts
        if context.abstract_syntax == one.sop_class_uid
    }
    dataset = dcmread(BytesIO(one.data))
    own = UID(one.transfer_syntax_uid)
    if one.transfer_syntax_uid in accepted or not own.is_compressed:
        return dataset
    try:
        if own.is_encapsulated:
            dataset.decompress(generate_instance_uid=False)
    except PARSE_ERRORS:
        what = f"it does not take {own.name}, and the {one.kind.value.upper()} can't be decoded"
        raise call.peer.for_good(what, "choose other objects") from None
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset
