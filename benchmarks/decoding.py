"""Decoders against the plugins they stand in for, and the PNG encoder against Pillow's."""

from collections.abc import Callable

from pydicom.pixels import pixel_array

from benchmarks.inputs import HTJ2K, JPEG_LOSSLESS, encoded, film, noisy_chest
from benchmarks.peers import pillow_png
from benchmarks.ratio import Ratio, at_least, best_ms
from wetread.imaging.decode import StoredPixels
from wetread.imaging.encode import PNG, encode
from wetread.imaging.kernel import window_area


def ratios() -> list[Ratio]:
    """JPEG lossless, HTJ2K, PNG."""
    return [
        _decode("JPEG lossless decode", JPEG_LOSSLESS, "gdcm", 2.0),
        _decode("HTJ2K decode", HTJ2K, "pylibjpeg", 1.7),
        _png(),
    ]


def _decode(name: str, syntax: str, plugin: str, target: float) -> Ratio:
    dataset = encoded(film(1955, 1841), syntax)

    def ours() -> object:
        return StoredPixels(dataset, syntax, "film").frame(0)

    theirs: Callable[[], object] = lambda: pixel_array(dataset, decoding_plugin=plugin)  # noqa: E731 - a pair to ours
    mine, peer = best_ms(ours), best_ms(theirs)
    return at_least(name, peer / mine, target, f"x pydicom+{plugin}", detail=f"{mine:.1f} ms; {peer:.1f} ms")


def _png() -> Ratio:
    grey = window_area(noisy_chest(2500, 2048), 148.0, 0.067, (1678, 2048))
    mine, peer = best_ms(lambda: encode(grey, PNG)), best_ms(lambda: pillow_png(grey))
    size = len(encode(grey, PNG)) / len(pillow_png(grey))
    detail = f"{mine:.1f} ms; {peer:.0f} ms; {size:.2f} x the bytes"
    return at_least("PNG of a film, longest side 2048", peer / mine, 30.0, "x Pillow optimize", detail=detail)
