"""The fused kernel and its fallback against the float64 reference."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wetread.domain.view import Window
from wetread.imaging import kernel
from wetread.imaging.render import draw_grey
from wetread.imaging.tone import Tone
from wetread.imaging.transform import ModalityTransform
from wetread.testing.references import area_average, linear_levels

SIZES = [(97, 131), (96, 130), (50, 70), (13, 17), (1, 1), (97, 1), (32, 131)]


def noise(dtype, low, high):
    return np.random.default_rng(3).integers(low, high, (131, 97)).astype(dtype)


@pytest.mark.parametrize("engine", ["numba", "opencv"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixels", [noise("uint8", 0, 256), noise("uint16", 0, 65536), noise("int16", -2000, 3000)])
@pytest.mark.parametrize("inverted", [False, True])
def test_the_kernel_equals_window_then_exact_average(engine, size, pixels, inverted):
    transform = ModalityTransform(slope=1.5, intercept=-100.0, declared=True)
    tone = Tone(modality=transform, window=Window(center=300, width=900), inverted=inverted)
    expected = area_average(linear_levels(pixels * 1.5 - 100, 300, 900), size)
    expected = 255 - expected if inverted else expected
    found = draw_grey(pixels, tone, tone.window, size, engine=engine)
    assert np.abs(found.astype(float) - expected).max() <= 0.52


@pytest.mark.parametrize("size", SIZES)
def test_both_engines_agree_within_one_level(size):
    pixels = noise("uint16", 0, 4096)
    found = [kernel.window_area(pixels, 500.0, 0.1, size, engine=e).astype(int) for e in ("numba", "opencv")]
    assert np.abs(found[0] - found[1]).max() <= 1


def test_the_environment_chooses_the_engine(monkeypatch):
    monkeypatch.setenv("WETREAD_KERNEL", "opencv")
    monkeypatch.setattr(kernel, "_fused", lambda: pytest.fail("numba was asked for"))
    assert kernel.window_area(np.zeros((4, 4), np.uint8), 0.0, 1.0, (2, 2)).shape == (2, 2)


@pytest.mark.parametrize("function", ["SIGMOID", "LINEAR_EXACT"])
@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "int32"])
def test_curves_are_applied_before_the_average(function, dtype):
    pixels = noise("int32", 0, 4096).astype(dtype)
    tone = Tone(window=Window(center=2000, width=900, function=function))
    expected = area_average(tone.levels(pixels, tone.window), (20, 30))
    assert np.abs(draw_grey(pixels, tone, tone.window, (20, 30)).astype(float) - expected).max() <= 0.52


def test_windowing_comes_before_resizing():
    """The other order turns a clipped checkerboard of 0 and 4000 under a window 0-100 from 128 into 255."""
    pixels = (np.indices((64, 64)).sum(0) % 2 * 4000).astype(np.uint16)
    tone = Tone(window=Window(center=50, width=100))
    assert np.unique(draw_grey(pixels, tone, tone.window, (32, 32))).tolist() == [128]


@pytest.mark.parametrize("size", [(98, 131), (97, 132), (0, 5)])
def test_nothing_is_enlarged_or_emptied(size):
    with pytest.raises(ValueError, match="never enlarged"):
        kernel.window_area(noise("uint8", 0, 255), 0.0, 1.0, size)


def test_foreign_byte_order_is_refused_not_misread():
    with pytest.raises(ValueError, match="native byte order"):
        kernel.window_area(noise("uint16", 0, 4096).astype(">u2"), 0.0, 1.0, (9, 9))


def test_pixels_that_may_not_be_written_to_are_read_as_well():
    pixels = noise("uint8", 0, 255)
    frozen = np.frombuffer(pixels.tobytes(), np.uint8).reshape(pixels.shape)
    np.testing.assert_array_equal(
        kernel.window_area(frozen, 0.0, 1.0, (9, 9)), kernel.window_area(pixels, 0.0, 1.0, (9, 9))
    )


def test_an_installation_that_can_write_no_cache_still_compiles(tmp_path):
    """A copy of the kernel for which numba finds no folder to write its cache to."""
    source = tmp_path / "fused_copy.py"
    source.write_bytes(Path(kernel._fused().__file__).read_bytes())
    program = (
        "import numba.core.caching as c; c.CacheImpl._locator_classes = []\n"
        "import numpy as np, fused_copy\n"
        "out = np.empty((1, 1), np.uint8)\n"
        "fused_copy.window_area(np.full((2, 2), 9, np.uint8), np.float32(0), np.float32(1), out)\n"
        "print(out[0, 0])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "9"
