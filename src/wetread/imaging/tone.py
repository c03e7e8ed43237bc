"""How stored values become grey: modality transform, then window or table, inversion last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.domain.view import Window
from wetread.imaging import presets, tags, voi
from wetread.imaging.transform import ModalityTransform, Table, is_inverted, modality_transform, padding_range

SAMPLE_PIXELS = 1 << 18
# float32 carries 24 bits: beyond this product of gain and offset a grey level would be lost, and a table is used
FLOAT32_BUDGET = float(1 << 22)


IDENTITY = ModalityTransform()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tone:
    """The grey rendering of one frame. `window` is the default, `others` what else the header offers."""

    modality: ModalityTransform = IDENTITY
    window: Window
    others: tuple[Window, ...] = ()
    table: Table | None = None
    inverted: bool = False
    padding: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    def levels(self, stored: NDArray[Any], window: Window) -> NDArray[np.float64]:
        """Grey levels 0-255, float64, not rounded, of stored values under a window, inversion included."""
        values = np.nan_to_num(self.modality.apply(stored))
        if window.function == "TABLE" and self.table is not None:
            grey = voi.table_levels(values, self.table)
        else:
            grey = voi.levels(values, window)
        return voi.WHITE - grey if self.inverted else grey

    def line(self, window: Window) -> tuple[float, float] | None:
        """`(zero, gain)` with grey = clip((stored - zero) * gain, 0, 255), or None where no line is exact enough."""
        if self.modality.table is not None or window.function not in ("LINEAR", "LINEAR_EXACT"):
            return None
        low, high = voi.limits(window)
        if high <= low:
            return None
        gain = voi.WHITE / (high - low) * self.modality.slope
        zero = (low - self.modality.intercept) / self.modality.slope
        if self.inverted:
            zero, gain = zero + voi.WHITE / gain, -gain
        return (zero, gain) if abs(gain) * max(abs(zero), 1.0) < FLOAT32_BUDGET else None

    def steps(self, window: Window) -> tuple[str, ...]:
        """The lines of a recipe."""
        shown = f"{window.function} {window.center:g}/{window.width:g}"
        inversion = ("invert",) if self.inverted else ()
        return (self.modality.step, *self.notes, f"window: {shown} ({window.origin.value})", *inversion)


def sample(stored: NDArray[Any], padding: tuple[float, float] | None) -> NDArray[Any]:
    """Stored values that take part in statistics: a regular grid of at most 2^18 pixels or so, without padding.

    stored: (rows, columns). Returns: (n,), same dtype.
    """
    step = max(1, int(np.ceil(np.sqrt(stored.size / SAMPLE_PIXELS))))
    chosen = stored[::step, ::step].ravel()
    if padding is None:
        return chosen
    kept = chosen[(chosen < padding[0]) | (chosen > padding[1])]
    return kept if kept.size else chosen


def tone_of(dataset: Dataset, frame: int, stored: NDArray[Any], *, modality: str | None, body_part: str | None) -> Tone:
    """The tone of a monochrome frame (from 0): header first, then the CT preset, then the percentile window."""
    transform = modality_transform(dataset, frame)
    windows, notes = voi.header_windows(dataset, frame)
    table = voi.header_table(dataset, frame)
    padding = padding_range(dataset)
    if table is not None:
        window, others = voi.table_window(table), windows
    elif windows:
        window, others = windows[0], windows[1:]
    else:
        others = ()
        bits = tags.whole(dataset, "BitsStored", 16)
        if modality == "CT" and transform.in_hu:
            window, note = presets.default_for(body_part), f"no header window: preset of {presets.region_of(body_part)}"
        elif bits == 1:
            window, note = voi.full_range_window(1), "no header window: 1 bit"
        else:
            window = voi.percentile_window(transform.apply(sample(stored, padding)))
            note = "no header window: percentile 0.5-99.5" + (" without padding" if padding else "")
        notes = (*notes, note)
    return Tone(
        modality=transform,
        window=window,
        others=others,
        table=table,
        inverted=is_inverted(dataset),
        padding=padding,
        notes=notes,
    )
