"""What the viewer's tests share: objects with known pixels, and the canvas as numbers."""

import base64
import io

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SHOWN = ".viewer-cell[data-state=shown], .viewer-cell[data-state=broken]"
MATRIX = """number => {
  const group = document.querySelectorAll('.viewer-cell')[number].querySelector('.viewer-overlay g');
  const m = group.transform.baseVal[0].matrix;
  return [m.a, m.b, m.c, m.d, m.e, m.f];
}"""
CANVAS = "number => document.querySelectorAll('.viewer-cell')[number].querySelector('canvas').toDataURL('image/png')"


def made(pixels: NDArray[np.generic], **tags: object) -> Dataset:
    """A CT-like object with these stored values (rows, columns) or (frames, rows, columns), and these attributes."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Modality, ds.StudyDate, ds.SeriesNumber, ds.InstanceNumber = "CT", "20200102", 1, 1
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Viewer^Test", "V-1", "19600102", "O"
    if pixels.ndim == 3:
        ds.NumberOfFrames = pixels.shape[0]
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def slices(count: int, side: int = 128) -> list[Dataset]:
    """A CT series of `count` slices 1 mm apart, each with values of its own."""
    study, series, space = generate_uid(), generate_uid(), generate_uid()
    plain = np.tile(np.arange(side, dtype=np.int16) * 4, (side, 1))
    return [
        made(
            plain + np.int16(number), StudyInstanceUID=study, SeriesInstanceUID=series, FrameOfReferenceUID=space,
            InstanceNumber=number + 1, ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, float(number)], PixelSpacing=[0.5, 0.5], RescaleSlope=1, RescaleIntercept=-200,
            WindowCenter=40, WindowWidth=400, BodyPartExamined="CHEST",
        )
        for number in range(count)
    ]  # fmt: skip


def open_study(page: Page, study_id: str, lane: str = "cpu") -> None:
    """The study in the reader, its first picture on the canvas (or the words why not)."""
    page.goto(f"/study/{study_id}?render={lane}")
    page.locator(SHOWN).first.wait_for(timeout=30_000)
    settled(page)


def settled(page: Page, number: int = 0) -> None:
    """Wait until the canvas has stopped changing."""
    page.evaluate(
        """async number => {
          const frame = () => new Promise(requestAnimationFrame);
          const canvas = () => document.querySelectorAll('.viewer-cell')[number].querySelector('canvas');
          let [before, same] = ['', 0];
          for (let tried = 0; tried < 120 && same < 3; tried++) {
            await frame();
            const now = canvas()?.toDataURL('image/jpeg', 0.4) ?? '';
            same = now === before ? same + 1 : 0;
            before = now;
          }
        }""",
        number,
    )


def canvas(page: Page, number: int = 0) -> NDArray[np.float64]:
    """The canvas of a viewport (from 0): (height, width, 3), 0-255."""
    settled(page, number)
    return picture(base64.b64decode(page.evaluate(CANVAS, number).partition(",")[2]))


def picture(encoded: bytes) -> NDArray[np.float64]:
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(float)


def matrix(page: Page, number: int = 0) -> tuple[float, ...]:
    """From image pixels to the viewport's CSS pixels, as the overlay is drawn."""
    return tuple(page.evaluate(MATRIX, number))


def at(page: Page, column: float, row: float, number: int = 0) -> tuple[float, float]:
    """Where a point of the image lies on the canvas."""
    a, b, c, d, e, f = matrix(page, number)
    return a * column + c * row + e, b * column + d * row + f


def hand(page: Page, number: int = 0) -> tuple[float, float]:
    """The corner of a viewport on the page, from which its canvas counts."""
    box = page.get_by_test_id("hand").nth(number).bounding_box()
    assert box is not None
    return box["x"], box["y"]


def drag(
    page: Page, start: tuple[float, float], end: tuple[float, float], number: int = 0, button: str = "left"
) -> None:
    """Drag over a viewport, from and to points of its canvas."""
    x, y = hand(page, number)
    page.mouse.move(x + start[0], y + start[1])
    page.mouse.down(button=button)
    page.mouse.move(x + (start[0] + end[0]) / 2, y + (start[1] + end[1]) / 2)
    page.mouse.move(x + end[0], y + end[1])
    page.mouse.up(button=button)
    settled(page, number)


def shown_part(page: Page, rows: int, columns: int, number: int = 0) -> NDArray[np.float64]:
    """The part of the canvas that the image covers, a pixel inside its border."""
    drawn = canvas(page, number)
    (x0, y0), (x1, y1) = at(page, 0, 0, number), at(page, columns, rows, number)
    left, right = sorted((round(x0), round(x1)))
    top, bottom = sorted((round(y0), round(y1)))
    return drawn[max(0, top + 1) : bottom - 1, max(0, left + 1) : right - 1]


def without(ds: Dataset, *names: str) -> Dataset:
    """The object less some attributes."""
    for name in names:
        if name in ds:
            delattr(ds, name)
    return ds


def read(path: object) -> pydicom.FileDataset:
    return pydicom.dcmread(path, force=True)  # type: ignore[arg-type]
