"""From modality units to grey levels 0-255: the window functions and VOI tables. Source: PS3.3 C.11.2.1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from wetread.domain.view import Window, WindowOrigin
from wetread.imaging import tags
from wetread.imaging.transform import Table, table_of

WHITE = 255.0
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
PERCENTILES = (0.5, 99.5)


def levels(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Grey levels of a window, the float64 reference every faster path is held against.

    values: any shape, float64, modality units. Returns: same shape, float64, 0-255, not rounded.
    Source: PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).
    """
    if window.function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - window.center) / window.width, -700.0, 700.0)
        return WHITE / (1.0 + np.exp(exponent))
    low, high = limits(window)
    if high <= low:
        return np.where(values > low, WHITE, 0.0)
    return np.clip((values - low) / (high - low), 0.0, 1.0) * WHITE


def limits(window: Window) -> tuple[float, float]:
    """The modality values shown black and white by LINEAR or LINEAR_EXACT."""
    if window.function == "LINEAR_EXACT":
        return window.center - window.width / 2, window.center + window.width / 2
    half = (window.width - 1) / 2
    return window.center - 0.5 - half, window.center - 0.5 + half


def table_levels(values: NDArray[np.float64], table: Table) -> NDArray[np.float64]:
    """Grey levels of a VOI table: its output range 0 to 2^bits - 1 becomes 0-255. Source: PS3.3 C.11.2.1.1."""
    return np.clip(table.look_up(values) * (WHITE / ((1 << table.bits) - 1)), 0.0, WHITE)


def usable(window: Window) -> bool:
    """True for a window the standard allows: width at least 1 (LINEAR), above 0 otherwise. Source: C.11.2.1.2.1."""
    return window.width >= 1 if window.function == "LINEAR" else window.width > 0


def header_windows(dataset: Dataset, frame: int) -> tuple[tuple[Window, ...], tuple[str, ...]]:
    """The header's usable windows of a frame (from 0) in their order, and notes on those ignored."""
    holder = tags.functional_group(dataset, "FrameVOILUTSequence", frame) or dataset
    centers, widths = tags.numbers(holder, "WindowCenter"), tags.numbers(holder, "WindowWidth")
    if centers is None or widths is None:
        malformed = any(tags.is_malformed(holder, keyword) for keyword in ("WindowCenter", "WindowWidth"))
        one_sided = (centers is None) != (widths is None)
        return (), (("header window ignored: malformed",) if malformed or one_sided else ())
    function = (tags.text(holder, "VOILUTFunction") or "LINEAR").upper()
    notes = []
    if function not in FUNCTIONS:
        notes.append("header window function unknown: LINEAR taken")
        function = "LINEAR"
    if len(centers) != len(widths):
        notes.append(f"header windows: {len(centers)} centres, {len(widths)} widths; only pairs used")
    words = tags.texts(holder, "WindowCenterWidthExplanation")
    found: list[Window] = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        words_here = words[index] if index < len(words) else ""
        window = Window(center=center, width=width, function=function, explanation=words_here or None)
        if not usable(window):
            notes.append(f"header window ignored: {function} width {width:g}")
        elif all((w.center, w.width) != (center, width) for w in found):
            found.append(window)
    return tuple(found), tuple(notes)


def header_table(dataset: Dataset, frame: int) -> Table | None:
    """The first well-formed VOI table of a frame (from 0)."""
    holder = tags.functional_group(dataset, "FrameVOILUTSequence", frame) or dataset
    candidates = (table_of(item) for item in tags.items(holder, "VOILUTSequence"))
    return next((table for table in candidates if table is not None), None)


def table_window(table: Table) -> Window:
    """A VOI table named as a window: the input range it covers."""
    count = len(table.entries)
    return Window(
        center=table.first + count / 2,
        width=float(count),
        function="TABLE",
        explanation=table.explanation,
        origin=WindowOrigin.VOI_LUT,
    )


def percentile_window(values: NDArray[Any]) -> Window:
    """The window of the 0.5 to 99.5 percentile, for pixels that say nothing of how to be shown.

    values: (n,) modality units, padding already left out. Where the percentiles coincide the whole range counts;
    a constant image becomes mid-grey.
    """
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if finite.size == 0:
        return Window(center=0.0, width=1.0, function="LINEAR_EXACT", origin=WindowOrigin.PERCENTILE)
    low, high = (float(v) for v in np.percentile(finite, PERCENTILES))
    if high <= low:
        low, high = float(finite.min()), float(finite.max())
    width = high - low if high > low else 1.0
    return Window(center=(low + high) / 2, width=width, function="LINEAR_EXACT", origin=WindowOrigin.PERCENTILE)


def full_range_window(bits: int) -> Window:
    """The window that shows unsigned values of so many bits as they are, scaled to 0-255."""
    size = float(1 << bits)
    return Window(center=size / 2, width=size, origin=WindowOrigin.FULL_RANGE)
