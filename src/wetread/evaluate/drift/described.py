"""One object's picture as the drift charts look at it. Runs in the guard: it touches foreign pixels."""

from wetread.domain.study import Instance
from wetread.domain.view import ViewPlan
from wetread.errors import PixelsUnreadable
from wetread.evaluate.drift.pictures import descriptor
from wetread.imaging import prepare_instance
from wetread.imaging.glance import grey_picture

PICTURE = ViewPlan(max_edge_px=256, max_images=1, grey_only=True)


def picture_of(instance: Instance) -> tuple[float, ...]:
    """The descriptor of an object's picture, of its middle frame where it has many.

    Raises: InputError where no picture can be made of it; ValueError where it is too small to be described.
    """
    prepared = prepare_instance(instance, PICTURE)
    if not prepared.views:
        reason = prepared.failures[0].problem if prepared.failures else "it holds no picture"
        raise PixelsUnreadable(instance.sha256[:12], reason)
    return tuple(round(float(figure), 6) for figure in descriptor(grey_picture(prepared.views[0])))
