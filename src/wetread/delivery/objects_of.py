"""A report's DICOM objects for a destination, and the words of a receipt for them."""

from collections.abc import Callable, Sequence
from functools import partial

from wetread.delivery.made import Kind, Made
from wetread.delivery.tools import Tools
from wetread.domain.report import Report
from wetread.settings import DestinationSettings

Make = Callable[[Report], tuple[Made, ...]]


def maker(own: DestinationSettings, tools: Tools) -> Make:
    """What makes the objects that a destination's settings name.

    It raises: InputError (no DICOM study that they could belong to), MissingExtra.
    """
    return partial(_made, tuple(Kind(kind) for kind in own.objects), tools.render)


def reference_of(objects: Sequence[Made], notes: Sequence[str] = ()) -> str:
    """What a receipt says of them: each kind with how many there are, the report's own object by its UID."""
    if not objects:
        return "nothing to send: the report gives no object of these kinds"
    counts = {kind: sum(one.kind is kind for one in objects) for kind in dict.fromkeys(one.kind for one in objects)}
    kinds = ", ".join(kind.value if count == 1 else f"{count} {kind.value}" for kind, count in counts.items())
    named = next((one for one in objects if one.kind is Kind.SR), objects[0])
    return "; ".join((kinds, f"{named.kind.value} {named.sop_instance_uid}", *notes))


def _made(kinds: tuple[Kind, ...], render: Callable[[Report, str], bytes], report: Report) -> tuple[Made, ...]:
    from wetread.delivery.objects.make import make_objects

    return make_objects(report, kinds, render)
