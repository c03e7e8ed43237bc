"""Text burned into the pixels of a DICOM object, covered in every frame; where that is not certain, it is said."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from pydicom.dataset import Dataset

from wetread.dicom import text, texts
from wetread.errors import InputError
from wetread.privacy.contrast import Pixels
from wetread.privacy.deidentify.pixels_found import Found, find_text, still_readable
from wetread.privacy.deidentify.pixels_frames import PALETTE, Frames, Values, has_pixels, set_element
from wetread.privacy.deidentify.pixels_shown import shown, whole_range
from wetread.privacy.deidentify.pixels_written import covered, written
from wetread.privacy.deidentify.tesseract import program
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.marks import pixel_settings
from wetread.privacy.ocr import Quad

MOST_FRAMES = 64  # looked at one by one; of more, evenly chosen ones
BLOCK_PX, ALIKE_LEVELS = 16, 6.0  # frames are alike whose squares of so many pixels differ by so few grey levels
MOST_ROUNDS = 3  # a covered picture is looked at again so often
IDENTIFYING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames", "AccessionNumber",
    "ReferringPhysicianName", "PerformingPhysicianName", "PhysiciansOfRecord", "OperatorsName", "InstitutionName",
    "InstitutionAddress", "StationName", "StudyID",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A copy of an object with text in its pixels covered: `covered` regions, each in every frame.

    `uncertain`: text may be left, the object must not leave the site; `why` says so, and what else a person should
    know, in words that name nobody.
    """

    dataset: Dataset = field(repr=False)
    covered: int = 0
    uncertain: bool = False
    why: tuple[str, ...] = ()


def clean_pixels(dataset: Dataset, *, subject: str) -> Cleaned:
    """The object with text and codes in its pixels covered. The dataset that is given is not changed.

    Ordinary marks of a picture (sides, positions, exposure) stay. Pixels that can't be decoded or shown are
    uncertain, never an error. `subject` names the object in errors. Call it with the header as it was: names and
    numbers that stand there are looked for. Raises: MissingExtra.
    """
    if not has_pixels(dataset):
        return Cleaned(dataset=deepcopy(dataset))
    try:
        look = _Look(Frames(dataset, subject), Identifiers.of(_identifying(dataset)), subject)
        regions, doubts = look.regions()
        made = written(look.frames, regions) if regions or _hides_bits(look.frames) else deepcopy(dataset)
    except InputError as problem:
        return Cleaned(dataset=deepcopy(dataset), uncertain=True, why=(problem.problem,))
    if (text(dataset, "BurnedInAnnotation") or "").upper() == "YES" and not regions:
        doubts = (*doubts, "its header says that text is burned in, and none was found")
    if not doubts:
        set_element(made, "BurnedInAnnotation", "CS", "NO")
    told = [f"regions of text covered: {len(regions)}"] if regions else []
    if look.is_flat and program() is None:
        told.append("flat borders were looked at once: tesseract is not installed")
    return Cleaned(dataset=made, covered=len(regions), uncertain=bool(doubts), why=(*doubts, *told))


class _Look:
    """One look through all frames of an object."""

    def __init__(self, frames: Frames, identifiers: Identifiers, subject: str) -> None:
        self.frames = frames
        self.identifiers = identifiers
        self.is_flat = False
        self._rules = pixel_settings()
        self._subject = subject
        self._regions: list[Quad] = []
        self._doubted = 0

    def regions(self) -> tuple[tuple[Quad, ...], tuple[str, ...]]:
        """Every region to cover, and what is uncertain."""
        chosen = _chosen(self.frames.count)
        for values in self._composites():
            self._look_at(values, faint=True)
        for number, values in enumerate(self._apart(chosen)):
            self._look_at(values, faint=number == 0)
        doubts = [f"places where text can't be told from its ground: {self._doubted}"] if self._doubted else []
        if len(chosen) < self.frames.count and not self._others_are_alike(chosen):
            doubts.append(f"of {self.frames.count} frames {len(chosen)} were looked at, and others differ from them")
        if self._regions and not self._settled():
            doubts.append("text can still be read after covering")
        return tuple(self._regions), tuple(doubts)

    def _look_at(self, values: Values, *, faint: bool) -> None:
        """One frame, what was found already covered: what stands at one place in all frames is found once."""
        rest = covered(values, self._regions, by_index=self._by_index) if self._regions else values
        found = self._found(rest, faint=faint)
        self._regions.extend(found.regions)
        self._doubted += found.doubted

    def _found(self, values: Values, *, faint: bool) -> Found:
        flat = whole_range(values)
        found = find_text(self._shown(values), flat, self.identifiers, self._rules, faint=faint)
        self.is_flat = self.is_flat or found.is_flat
        return found

    def _shown(self, values: Values) -> list[Pixels]:
        photometric = "RGB" if values.ndim == 3 else self.frames.photometric
        return list(shown(values, self.frames.dataset, photometric, self._subject))

    @property
    def _by_index(self) -> bool:
        return self.frames.photometric == PALETTE

    def _composites(self) -> Iterator[Values]:
        """The brightest and the darkest of all frames, where bright and dark text stands out from what moves."""
        if self.frames.count == 1 or self._by_index:
            return
        low = high = self.frames.frame(0)
        for index in range(1, self.frames.count):
            frame = self.frames.frame(index)
            low, high = np.minimum(low, frame), np.maximum(high, frame)
        yield high
        yield low

    def _apart(self, chosen: tuple[int, ...]) -> Iterator[Values]:
        """The chosen frames, those that are the same to the bit once."""
        seen = set[int]()
        for index in chosen:
            frame = self.frames.frame(index)
            mark = hash(frame.tobytes())
            if mark not in seen:
                seen.add(mark)
                yield frame

    def _others_are_alike(self, chosen: tuple[int, ...]) -> bool:
        """Whether each frame that was not looked at shows what a neighbour that was looked at shows."""
        for first, last in pairwise(chosen):
            here = _small(whole_range(self.frames.frame(first)))
            for index in range(first + 1, last):
                if float(np.abs(_small(whole_range(self.frames.frame(index))) - here).max()) > ALIKE_LEVELS:
                    return False
        return True

    def _settled(self) -> bool:
        """Whether nothing can be read in the first frame once it is covered; what can is covered, too."""
        first = self.frames.frame(0)
        for _ in range(MOST_ROUNDS):
            rest = covered(first, self._regions, by_index=self._by_index)
            left = [
                quad
                for picture in self._shown(rest)
                for quad in still_readable(picture, self._regions, self.identifiers, self._rules)
            ]
            if not left:
                return True
            self._regions.extend(left)
        return False


def _chosen(count: int) -> tuple[int, ...]:
    """Frames to look at: all, or evenly chosen ones with the first and the last."""
    if count <= MOST_FRAMES:
        return tuple(range(count))
    return tuple(sorted({round(index * (count - 1) / (MOST_FRAMES - 1)) for index in range(MOST_FRAMES)}))


def _small(grey: Pixels) -> np.ndarray:
    size = (max(1, grey.shape[1] // BLOCK_PX), max(1, grey.shape[0] // BLOCK_PX))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _hides_bits(frames: Frames) -> bool:
    return any(frames.hides_bits(index) for index in range(frames.count))


def _identifying(dataset: Dataset) -> tuple[str, ...]:
    """What the header says of people and places."""
    return tuple(value for keyword in IDENTIFYING for value in texts(dataset, keyword))
