"""What preparing has brought so far, and how objects are opened for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from wetread.dicom import Limits
from wetread.domain.study import Instance, InstanceKind
from wetread.domain.view import Failure, Limitation, Preparation, View
from wetread.errors import InputError, TooLarge
from wetread.imaging.dicoms import open_dicom
from wetread.imaging.frame import Frame, Opened
from wetread.imaging.pictures import open_picture
from wetread.imaging.select import Pick, is_slide


@dataclass(slots=True)
class Work:
    """Views, limitations and failures as they come; the object opened last is kept open."""

    views: list[View] = field(default_factory=list)
    limitations: list[Limitation] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    current: tuple[Instance, Opened] | None = None

    def fail(self, instance: Instance, error: InputError) -> None:
        """Note why an object could not be used; the first reason counts."""
        self.failures.setdefault(instance.file, Failure(file=instance.file, problem=error.problem, remedy=error.remedy))

    def limit(self, code: str, text: str) -> None:
        """Note what the pictures do not cover."""
        self.limitations.append(Limitation(code=code, text=text))

    def frame(self, pick: Pick) -> Frame | None:
        """The picked frame, or None once the failure is noted."""
        if pick.instance.file in self.failures:
            return None
        try:
            if self.current is None or self.current[0] is not pick.instance:
                self.current = (pick.instance, open_instance(pick.instance))
            return self.current[1].frame(pick.frame)
        except InputError as error:
            self.fail(pick.instance, error)
            return None

    def frames(self, picks: Iterable[Pick]) -> Iterable[Frame]:
        """The picked frames that decode, one in memory at a time."""
        for pick in picks:
            frame = self.frame(pick)
            if frame is not None:
                yield frame

    def frames_in(self, instance: Instance) -> int:
        """How many frames an object has: DICOM headers were read on receipt, a picture's pages were not."""
        if instance.kind is not InstanceKind.PICTURE:
            return max(1, instance.frames)
        try:
            return open_instance(instance).frames
        except InputError as error:
            self.fail(instance, error)
            return 0

    def done(self) -> Preparation:
        """Everything that came."""
        return Preparation(
            views=tuple(self.views),
            limitations=tuple(self.limitations),
            failures=tuple(self.failures.values()),
        )


def joined(parts: Iterable[Preparation]) -> Preparation:
    """Several preparations as one, in their order; a limitation that several of them state is stated once."""
    found = tuple(parts)
    return Preparation(
        views=tuple(view for part in found for view in part.views),
        limitations=tuple(dict.fromkeys(limitation for part in found for limitation in part.limitations)),
        failures=tuple(failure for part in found for failure in part.failures),
    )


def open_instance(instance: Instance) -> Opened:
    """The frames of a DICOM object or a picture.

    Raises: FileUnreadable, PixelsUnreadable, TooLarge.
    """
    if is_slide(instance):
        _check_slide(instance)
    return open_picture(instance) if instance.kind is InstanceKind.PICTURE else open_dicom(instance)


def _check_slide(instance: Instance) -> None:
    """Refuse, before a byte is read, to open a slide as if it were a picture that fits into memory."""
    rows, columns = instance.rows or 0, instance.columns or 0
    limit = Limits().max_pixels_bytes
    if rows * columns * max(1, instance.frames) * 3 > limit:
        problem = f"it is a whole slide of more than {limit:,} bytes"
        raise TooLarge(instance.file, problem, "prepare it with the recipe 'clinical', which reads parts of it")
