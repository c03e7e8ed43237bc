"""Pixels of real DICOM objects covered and written back: grey, colour, palette, any depth, compressed, many frames."""

import io
import os
from copy import deepcopy

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from wetread.dicom import open_dataset
from wetread.errors import InputError
from wetread.privacy import ocr
from wetread.privacy.deidentify import pixels, tesseract
from wetread.privacy.deidentify.pixels import clean_pixels
from wetread.privacy.deidentify.pixels_frames import Frames
from wetread.privacy.deidentify.pixels_shown import shown
from wetread.privacy.deidentify.pixels_written import written

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="pictures can't be checked without the extra ocr")
FULL = os.environ.get("WETREAD_MEASURE") == "full"
FILES = (
    "pydicom__examples_jpeg2k.dcm",  # US, YBR_RCT, JPEG 2000
    "dcm4che__YBR_FULL-RLE.dcm",  # US, YBR_FULL, RLE
    "pydicom-data__OBXXXX1A_rle.dcm",  # US, palette, RLE
    "dcm4che__jpeg-ls-Palette.dcm",  # US, palette, JPEG-LS, 10 frames
    "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",  # US, YBR_FULL, JPEG, 8 frames
    "fo-dicom__CR-MONO1-10-chest.dcm",  # CR, MONOCHROME1
    "highdicom__dx_image.dcm",  # DX, MONOCHROME1
    "kcr2019d1__anon_apct.dcm",  # CT, big endian
    "pydicom__693_J2KI.dcm",  # CT, signed, JPEG 2000
    "cornerstone3D__CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",  # CT, JPEG, 8 bit
    "dicomParser__CT0012.not_fragmented_no_bot_rle.dcm",  # enhanced CT, RLE, 2 frames
    "dcmjs__IM-0001-0001.dcm",  # MR, JPEG 2000
    "dcm4che__MR-JPEGLosslessSV1.dcm",  # MR, JPEG lossless
    "dicom-test-files__MR1_JPLY.dcm",  # MR, 12-bit JPEG with a wrong scan header
    "pydicom-data__emri_small_jpeg_ls_lossless.dcm",  # enhanced MR, 10 frames
    "dicom-test-files__XA1_JLSL.dcm",  # XA, JPEG-LS
    "dicom-test-files__NM1_RLE.dcm",  # NM, signed
    "dicom__2.dcm",  # PT
    "pydicom__SC_rgb_rle_16bit.dcm",  # RGB of 16 bits
    "pydicom-data__SC_rgb_expb_16bit_2frame.dcm",  # RGB, big endian
    "pydicom__SC_ybr_full_422_uncompressed.dcm",
    "highdicom__seg_image_ct_binary_single_frame.dcm",  # single bits
    "pydicom-data__parametric_map_float.dcm",
    "pydicom-data__parametric_map_double_float.dcm",
)
WITH_TEXT = (
    "pydicom-data__OBXXXX1A_rle.dcm",
    "pydicom-data__US1_J2KI.dcm",
    "fo-dicom__GH355.dcm",
    "dcm4che__YBR_FULL-RLE.dcm",
)
BOX = np.array([[6, 5], [40, 5], [40, 17], [6, 17]], np.float32)


def opened(shared, file):
    found = open_dataset(shared / "dicom" / file, file, pixels=True)
    found.dataset.file_meta.TransferSyntaxUID = found.transfer_syntax_uid
    return found.dataset


def saved(dataset):
    """The object as another program gets it: through bytes."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    buffer.seek(0)
    return pydicom.dcmread(buffer, force=True)  # some have no preamble, and their copies neither


@pytest.mark.shared
@pytest.mark.parametrize("file", FILES)
def test_a_region_is_flat_in_every_frame_and_nothing_else_changes(file, shared):
    dataset = opened(shared, file)
    before, kept = Frames(dataset, file), deepcopy(dataset)
    made = saved(written(before, [BOX]))
    after = Frames(made, file)
    assert not made.file_meta.TransferSyntaxUID.is_encapsulated
    assert after.count == before.count
    assert made.PhotometricInterpretation == before.photometric == after.photometric
    assert (made.BitsAllocated, made.get("BitsStored")) == (dataset.BitsAllocated, dataset.get("BitsStored"))
    for index in {0, before.count - 1}:
        old, new = before.frame(index), after.frame(index)
        inside = np.zeros(old.shape[:2], bool)
        inside[6:17, 7:40] = True
        edge = np.zeros(old.shape[:2], bool)
        edge[4:19, 5:42] = True
        assert np.array_equal(old[~edge], new[~edge], equal_nan=old.dtype.kind == "f")
        assert len(np.unique(new[inside].reshape(int(inside.sum()), -1), axis=0)) == 1
    assert dataset == kept


@pytest.mark.shared
@pytest.mark.parametrize(
    "file", ["pydicom__693_J2KI.dcm", "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"]
)
def test_what_a_lossy_compression_took_is_still_said(file, shared):
    dataset = opened(shared, file)
    dataset.LossyImageCompression = "01"
    assert written(Frames(dataset, file), [BOX]).LossyImageCompression == "01"


def overlay_in_unused_bits():
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.Rows, made.Columns, made.SamplesPerPixel = 64, 96, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    values = np.tile(np.arange(96, dtype=np.uint16) * 30, (64, 1))
    hidden = np.zeros((64, 96, 3), np.uint8)
    cv2.putText(hidden, "DOE", (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    made.add_new("PixelData", "OW", (values | (hidden[..., 0] > 0).astype(np.uint16) << 12).tobytes())
    return made, values


@needs_ocr
def test_an_overlay_in_unused_bits_is_cleared():
    dataset, values = overlay_in_unused_bits()
    done = clean_pixels(dataset, subject="overlay")
    assert np.array_equal(np.frombuffer(done.dataset.PixelData, "<u2").reshape(64, 96), values)
    assert not done.uncertain


@needs_ocr
@pytest.mark.shared
@pytest.mark.parametrize("file", WITH_TEXT if FULL else WITH_TEXT[:1])
def test_text_that_stands_in_real_pixels_can_not_be_read_any_more(file, shared):
    dataset = opened(shared, file)
    done = clean_pixels(dataset, subject=file)
    frames = Frames(saved(done.dataset), file)
    left = [
        line.text
        for picture in shown(frames.frame(0), done.dataset, frames.photometric, file)
        for line in ocr.find_lines(picture, certain_from=0.5)
        if line.read >= 0.6 and sum(c.isalnum() for c in line.text) >= 6
    ]
    assert done.covered >= 2
    assert left == []
    assert done.uncertain or done.dataset.BurnedInAnnotation == "NO"


@needs_ocr
@pytest.mark.shared
@pytest.mark.parametrize("file", FILES if FULL else FILES[6:7])
def test_a_line_planted_in_every_frame_of_a_real_object_is_covered(file, shared):
    native = written(Frames(opened(shared, file), file), [])
    frames = Frames(native, file)
    if min(native.Rows, native.Columns) < 160 or native.BitsAllocated == 1 or frames.keyword != "PixelData":
        pytest.skip("a line of text does not fit, or has no place in it")
    canvas = np.zeros((native.Rows, native.Columns, 3), np.uint8)
    cv2.putText(canvas, "DOE JANE 77120913", (8, 30), (255, 255, 255), cv2.FontFace("sans"), 16)
    ink, parts, values = canvas[..., 0] > 127, [], []
    for index in range(frames.count):
        frame = frames.frame(index).copy()
        box = frame[8:40, :180]
        frame[ink] = frame.max() if np.median(box) < (float(frame.max()) + float(frame.min())) / 2 else frame.min()
        values.append(frame)
        kind = ">" if "Big" in native.file_meta.TransferSyntaxUID.name else "<"
        parts.append(frame.astype(frame.dtype.newbyteorder(kind)).tobytes())
    native.PixelData = b"".join(parts)
    done = clean_pixels(native, subject=file)
    after = Frames(done.dataset, file)
    if not done.uncertain:
        for index in {0, frames.count - 1}:
            changed = (after.frame(index) != values[index]).reshape(*ink.shape, -1).any(axis=2)
            hidden = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
            assert float(hidden[ink].mean()) > 0.99


@pytest.mark.shared
@pytest.mark.parametrize(
    "file",
    [
        "derived__huge_frames.dcm",
        "derived__truncated_half.dcm",
        "dcm4che__will-jxl.dcm",
        "fo-dicom__GH340.dcm",
        "pydicom-data__liver_deflate.dcm",
    ],
)
def test_pixels_that_can_not_be_looked_at_are_uncertain(file, shared):
    done = clean_pixels(opened(shared, file), subject="a file")
    assert done.uncertain
    assert done.why
    assert done.covered == 0
    assert done.dataset.get("BurnedInAnnotation") != "NO"


@pytest.mark.shared
def test_an_object_without_pixels_is_left_as_it_is(shared):
    dataset = opened(shared, "highdicom__sr_document.dcm")
    done = clean_pixels(dataset, subject="a report")
    assert (done.covered, done.uncertain, done.why) == (0, False, ())
    assert done.dataset == dataset
    assert done.dataset is not dataset


def grey_frames(count, text_in=(), *, differ=False, rows=120, columns=240):
    """Frames of a slow ramp; a line of text in some."""
    made, _ = overlay_in_unused_bits()
    ramp = np.tile(np.linspace(20, 90, columns), (rows, 1)).astype(np.uint8)
    parts = []
    for index in range(count):
        frame = np.roll(ramp, 40 * index if differ else 0, axis=1).copy()
        if index in text_in:
            canvas = np.zeros((rows, columns, 3), np.uint8)
            cv2.putText(canvas, "DOE JANE 77120913", (8, 60), (255, 255, 255), cv2.FontFace("sans"), 18)
            frame[canvas[..., 0] > 100] = 250
        parts.append(frame.tobytes())
    made.Rows, made.Columns, made.NumberOfFrames = rows, columns, count
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    del made["PixelData"]
    made.add_new("PixelData", "OB", b"".join(parts))
    return made


@needs_ocr
def test_text_in_one_frame_of_some_is_found_and_covered_in_all():
    dataset = grey_frames(4, text_in=(2,))
    done = clean_pixels(dataset, subject="frames")
    after = Frames(done.dataset, "frames")
    assert done.covered >= 1
    assert not done.uncertain
    assert after.frame(2).max() < 250


@needs_ocr
@pytest.mark.parametrize(("differ", "uncertain"), [(False, False), (True, True)])
def test_of_many_frames_some_are_looked_at_and_others_must_be_like_them(differ, uncertain, monkeypatch):
    monkeypatch.setattr(pixels, "MOST_FRAMES", 3)
    done = clean_pixels(grey_frames(9, differ=differ), subject="frames")
    assert done.uncertain is uncertain
    assert ("9 frames 3 were looked at" in " ".join(done.why)) is uncertain


@needs_ocr
def test_a_header_that_says_burned_in_where_nothing_is_found_is_uncertain():
    dataset = grey_frames(1)
    assert clean_pixels(dataset, subject="clean").dataset.BurnedInAnnotation == "NO"
    dataset.BurnedInAnnotation = "YES"
    done = clean_pixels(dataset, subject="said")
    assert done.uncertain
    assert done.dataset.BurnedInAnnotation == "YES"


@needs_ocr
@pytest.mark.parametrize("mark", ["L", "R", "PA"] if FULL else ["L"])
def test_the_side_of_a_film_stays(mark):
    dataset = grey_frames(1)
    frame = np.frombuffer(dataset.PixelData, np.uint8).reshape(120, 240).copy()
    cv2.putText(frame, mark, (180, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3)
    dataset.PixelData = frame.tobytes()
    done = clean_pixels(dataset, subject="film")
    assert (done.covered, done.uncertain) == (0, False)
    assert done.dataset.PixelData == frame.tobytes()


@needs_ocr
def test_without_tesseract_it_is_said_that_flat_borders_had_one_look(monkeypatch):
    monkeypatch.setattr(pixels, "program", lambda: None)
    monkeypatch.setattr(tesseract, "program", lambda: None)
    dataset = grey_frames(1)
    dataset.PixelData = np.pad(np.full((60, 120), 90, np.uint8), ((30, 30), (60, 60))).tobytes()
    done = clean_pixels(dataset, subject="flat")
    assert not done.uncertain
    assert "tesseract is not installed" in " ".join(done.why)


@pytest.mark.skipif(tesseract.program() is None, reason="tesseract is not installed")
def test_tesseract_reads_words_and_says_where():
    canvas = np.full((100, 400), 255, np.uint8)
    cv2.putText(canvas, "Mustermann", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 2)
    words = [word for word in tesseract.read_words(canvas) if word.text == "Mustermann"]
    assert words
    assert np.allclose(words[0].quad[0], (60, 33), atol=12)


def test_an_answer_of_tesseract_that_is_no_table_is_no_words(monkeypatch, tmp_path):
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\ncat >/dev/null\nprintf 'level\\tleft\\n5\\tx\\n\\xff\\n'\n")
    program.chmod(0o700)
    monkeypatch.setattr(tesseract, "program", lambda: str(program))
    assert tesseract.read_words(np.zeros((20, 20), np.uint8)) == ()


def test_frames_beyond_the_last_are_an_error():
    with pytest.raises(InputError):
        Frames(grey_frames(2), "frames").frame(7)
