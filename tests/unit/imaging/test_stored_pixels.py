"""Decoding: sign, unused bits, colour, frames, damage."""

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels.utils import pixel_array

from wetread.errors import PixelsUnreadable, TooLarge
from wetread.imaging.colour import apply_palette
from wetread.imaging.decode import StoredPixels
from wetread.testing import phantoms

NATIVE = "1.2.840.10008.1.2.1"


def decoded(dataset, index=0):
    return StoredPixels(dataset, str(dataset.file_meta.TransferSyntaxUID), "x").frame(index)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits", [7, 8, 10, 12, 15, 16, 31])
def test_every_depth_and_sign_comes_back(bits, signed):
    expected = phantoms.ramp(16, 24, bits_stored=bits, signed=signed)
    found = decoded(phantoms.radiograph(16, 24, bits_stored=bits, signed=signed))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype.kind == ("i" if signed else "u")


@pytest.mark.parametrize("signed", [True, False])
def test_overlays_in_the_unused_bits_are_masked_off(signed):
    dataset = phantoms.radiograph(16, 24, signed=signed)
    words = np.frombuffer(dataset.PixelData, "<u2") | np.uint16(0xA000)
    dataset.PixelData = words.tobytes()
    np.testing.assert_array_equal(decoded(dataset), phantoms.ramp(16, 24, signed=signed))


@pytest.mark.parametrize("signed", [True, False])
def test_a_high_bit_above_the_stored_bits_is_shifted_down(signed):
    dataset = phantoms.radiograph(16, 24, signed=signed)
    dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") << 4 | 5).astype("<u2").tobytes()
    dataset.HighBit = 15
    np.testing.assert_array_equal(decoded(dataset), phantoms.ramp(16, 24, signed=signed))


def test_big_endian_pixels_come_out_in_native_order():
    dataset = phantoms.radiograph(16, 24)
    dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
    found = decoded(dataset)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, phantoms.ramp(16, 24))


ENCODERS = {
    "1.2.840.10008.1.2.4.70": lambda a: imagecodecs.ljpeg_encode(a, bitspersample=16),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(a, reversible=True, codecformat="j2k"),
    "1.2.840.10008.1.2.4.201": lambda a: imagecodecs.htj2k_encode(a, reversible=True),
}


@pytest.mark.parametrize("syntax", ENCODERS)
@pytest.mark.parametrize("signed", [True, False])
def test_lossless_codecs_give_the_pixels_back_with_their_sign(syntax, signed):
    expected = phantoms.ramp(40, 56, signed=signed)
    dataset = phantoms.radiograph(40, 56, signed=signed)
    words = np.frombuffer(dataset.PixelData, "<u2").reshape(40, 56).copy()
    np.testing.assert_array_equal(decoded(phantoms.compress(dataset, syntax, [ENCODERS[syntax](words)])), expected)


def test_frames_of_a_multi_frame_object_decode_one_by_one():
    frames = np.stack([phantoms.ramp(32, 24) // k for k in (1, 2, 3)])
    dataset = phantoms.radiograph(pixels=frames)
    np.testing.assert_array_equal(decoded(dataset, 2), frames[2])
    dataset = phantoms.compress(dataset, "1.2.840.10008.1.2.4.80", [imagecodecs.jpegls_encode(f) for f in frames])
    np.testing.assert_array_equal(decoded(dataset, 1), frames[1])
    with pytest.raises(PixelsUnreadable, match="no frame 4"):
        decoded(dataset, 3)


@pytest.mark.parametrize(("photometric", "planar", "within"), [("RGB", 0, 0), ("RGB", 1, 0), ("YBR_FULL", 0, 1)])
def test_colour_comes_out_as_rgb(photometric, planar, within):
    found = decoded(phantoms.colour(photometric=photometric, planar=planar))
    assert np.abs(found.astype(int) - phantoms.colour_pixels()).max() <= within


@pytest.mark.parametrize("photometric", ["YBR_RCT", "RGB"])
def test_jpeg_2000_colour_is_what_pydicom_makes_of_it(photometric):
    rgb = phantoms.colour_pixels(64, 64)
    encoded = imagecodecs.jpeg2k_encode(rgb, reversible=True, codecformat="j2k", mct=photometric == "YBR_RCT")
    dataset = phantoms.compress(phantoms.colour(64, 64), "1.2.840.10008.1.2.4.90", [encoded])
    dataset.PhotometricInterpretation = photometric
    np.testing.assert_array_equal(decoded(dataset), rgb)
    np.testing.assert_array_equal(pixel_array(dataset), rgb)


def test_baseline_colour_follows_the_photometric_interpretation():
    rgb = phantoms.colour_pixels(64, 64)
    encoded = imagecodecs.jpeg8_encode(rgb, level=95, colorspace="RGB", outcolorspace="YCBCR", subsampling="444")
    dataset = phantoms.compress(phantoms.colour(64, 64), "1.2.840.10008.1.2.4.50", [encoded])
    dataset.PhotometricInterpretation = "YBR_FULL"
    assert np.abs(decoded(dataset).astype(int) - rgb).max() <= 6
    assert np.abs(decoded(dataset).astype(int) - pixel_array(dataset)).max() <= 1


def test_a_palette_becomes_rgb():
    dataset = phantoms.palette()
    rgb = apply_palette(decoded(dataset), dataset, "x")
    assert rgb.shape == (16, 16, 3)
    assert rgb[0, 7].tolist() == [7, 248, 128]


def test_a_missing_palette_names_the_object():
    dataset = phantoms.palette(RedPaletteColorLookupTableData=None)
    with pytest.raises(PixelsUnreadable, match=r"scan\.dcm.*palette"):
        apply_palette(decoded(dataset), dataset, "scan.dcm")


def test_a_bitmap_decodes():
    found = decoded(phantoms.bitmap())
    assert found[:, :12].max() == 0
    assert found[:, 12:].min() == 1


def test_float_pixels_decode():
    dataset = phantoms.radiograph(8, 8)
    values = np.linspace(-1, 1, 64, dtype="<f4").reshape(8, 8)
    del dataset.PixelData
    dataset.FloatPixelData = values.tobytes()
    dataset.BitsAllocated = 32
    np.testing.assert_array_equal(decoded(dataset), values)


def test_a_12_bit_jpeg_whose_scan_ends_at_coefficient_0_is_repaired():
    pixels = phantoms.ramp(64, 64)
    encoded = imagecodecs.jpeg8_encode(pixels, level=98, bitspersample=12)
    at = encoded.index(b"\xff\xda") + 2
    end = at + int.from_bytes(encoded[at : at + 2], "big")
    broken = encoded[: end - 2] + b"\0" + encoded[end - 1 :]
    dataset = phantoms.compress(phantoms.radiograph(64, 64), "1.2.840.10008.1.2.4.51", [broken])
    assert np.abs(decoded(dataset).astype(int) - pixels).max() < 64


@pytest.mark.parametrize("keyword", ["Rows", "NumberOfFrames"])
def test_a_bomb_is_refused_before_anything_is_allocated(keyword):
    dataset = phantoms.compress(phantoms.radiograph(8, 8), "1.2.840.10008.1.2.4.80", [b"\0" * 64])
    dataset.Columns = 65535
    setattr(dataset, keyword, 65535)
    with pytest.raises(TooLarge):
        StoredPixels(dataset, str(dataset.file_meta.TransferSyntaxUID), "x")


def test_truncated_pixels_are_an_error_with_a_name():
    dataset = phantoms.radiograph()
    dataset.PixelData = dataset.PixelData[:100]
    with pytest.raises(PixelsUnreadable, match="x: its pixel data has 100 bytes"):
        StoredPixels(dataset, NATIVE, "x")


def test_garbage_in_a_fragment_is_an_error_with_frame_and_syntax():
    dataset = phantoms.compress(phantoms.radiograph(8, 8), "1.2.840.10008.1.2.4.80", [b"\0" * 64])
    with pytest.raises(PixelsUnreadable, match=r"frame 1 does not decode.*JPEG-LS"):
        decoded(dataset)
