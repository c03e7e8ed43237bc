"""From stored values to modality units (HU for CT), before any window. Source: PS3.3 C.11.1, C.7.5.1.1.2, C.7.6.16."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.imaging import tags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A lookup table. entries: (n,) unsigned; the first stands for input `first`; `bits` is the output's depth."""

    entries: NDArray[np.uint16]
    first: int
    bits: int
    explanation: str | None = None

    def look_up(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inputs below the first entry get the first, above the last the last. Source: PS3.3 C.11.1.1, C.11.2.1.1.

        values: any shape, float64, input units. Returns: same shape, float64, the table's output units.
        """
        index = np.clip(np.rint(np.nan_to_num(values)) - self.first, 0, len(self.entries) - 1)
        found: NDArray[np.float64] = self.entries[index.astype(np.intp)].astype(np.float64)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModalityTransform:
    """Rescale slope and intercept, or a table. `declared` tells a stated identity from a missing one."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str | None = None
    declared: bool = False
    table: Table | None = None

    @property
    def in_hu(self) -> bool:
        """True where the header gives a rescale and names no other unit."""
        return self.declared and self.table is None and self.unit in (None, "HU", "US")

    def apply(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Stored values, any shape, to modality units, float64. Source: PS3.3 C.11.1."""
        values = stored.astype(np.float64)
        if self.table is not None:
            return self.table.look_up(values)
        return values * self.slope + self.intercept

    @property
    def step(self) -> str:
        """The step as a line of a view's recipe."""
        if self.table is not None:
            return f"modality table: {len(self.table.entries)} entries from {self.table.first}"
        if not self.declared:
            return "modality: stored values"
        return f"modality: slope {self.slope:g} intercept {self.intercept:g}"


def modality_transform(dataset: Dataset, frame: int) -> ModalityTransform:
    """The modality transform of a frame (from 0): its functional group's, else the object's, else identity."""
    for item in tags.items(dataset, "ModalityLUTSequence"):
        table = table_of(item)
        if table is not None:
            return ModalityTransform(table=table, declared=True, unit=tags.text(item, "ModalityLUTType"))
    holder = tags.functional_group(dataset, "PixelValueTransformationSequence", frame) or dataset
    slope, intercept = tags.number(holder, "RescaleSlope"), tags.number(holder, "RescaleIntercept")
    if slope is None and intercept is None:
        return ModalityTransform()
    return ModalityTransform(
        slope=slope if slope else 1.0,
        intercept=intercept or 0.0,
        unit=tags.text(holder, "RescaleType"),
        declared=True,
    )


def table_of(item: Dataset) -> Table | None:
    """The table of a Modality or VOI LUT Sequence item; None where it is malformed. Source: PS3.3 C.11.1.1."""
    descriptor = tags.numbers(item, "LUTDescriptor")
    try:
        data = item.get("LUTData")
    except tags.BAD_VALUE:
        data = None
    if descriptor is None or len(descriptor) != 3 or data is None:
        return None
    count, first, bits = int(descriptor[0]) or 65536, int(descriptor[1]), int(descriptor[2])
    entries = _entries(data, count, big=item.is_little_endian is False)
    if entries is None or not 1 <= bits <= 16:
        return None
    return Table(entries=entries, first=first, bits=bits, explanation=tags.text(item, "LUTExplanation"))


def _entries(data: object, count: int, *, big: bool) -> NDArray[np.uint16] | None:
    if isinstance(data, bytes):
        width = (
            "u1" if len(data) in (count, count + count % 2) and len(data) < 2 * count else f"{'>' if big else '<'}u2"
        )
        usable = len(data) - len(data) % np.dtype(width).itemsize
        entries = np.frombuffer(data[:usable], dtype=width).astype(np.uint16)
    else:
        try:
            entries = np.atleast_1d(np.asarray(data, dtype=np.int64)).astype(np.uint16)
        except (ValueError, TypeError, OverflowError):
            return None
    return entries[:count] if len(entries) >= count else None


def is_inverted(dataset: Dataset) -> bool:
    """True where the lowest value is white. Source: PS3.3 C.7.6.3.1.2 and C.11.6.1.2 (Presentation LUT Shape).

    MONOCHROME1 objects carry INVERSE as a restatement, so either alone or both together invert once.
    """
    monochrome1 = tags.text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    return monochrome1 or tags.text(dataset, "PresentationLUTShape") == "INVERSE"


def padding_range(dataset: Dataset) -> tuple[float, float] | None:
    """Lowest and highest stored value that mean "no image here". Source: PS3.3 C.7.5.1.1.2."""
    value = tags.number(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = tags.number(dataset, "PixelPaddingRangeLimit")
    ends = (value, value if limit is None else limit)
    return min(ends), max(ends)
