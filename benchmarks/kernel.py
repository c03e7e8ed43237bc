"""The fused kernel against copying the pixels it reads."""

import numpy as np

from benchmarks.inputs import noisy_chest
from benchmarks.ratio import Ratio, at_most, best_ms, stated
from wetread.imaging.kernel import window_area


def ratios() -> list[Ratio]:
    """12 megapixels to 224 on the shorter side's edge, windowed and averaged."""
    pixels = noisy_chest(4000, 3000)
    copy = np.empty_like(pixels)
    copying = best_ms(lambda: np.copyto(copy, pixels))
    fused = best_ms(lambda: window_area(pixels, 148.0, 0.067, (168, 224)))
    fallback = best_ms(lambda: window_area(pixels, 148.0, 0.067, (168, 224), engine="opencv"))
    detail = f"{fused:.2f} ms; copy {copying:.2f} ms"
    return [
        at_most("window + area, 12 MP to 224", fused / copying, 1.5, "x memcpy", detail=detail),
        stated("the same without numba", fallback / copying, "x memcpy", detail=f"{fallback:.1f} ms"),
    ]
