"""DICOM objects with known answers, made in memory: for tests of this package and of plug-ins.

Every function is deterministic: the same arguments give the same bytes and the same UIDs. Any DICOM keyword
can be given as a header (`radiograph(8, 8, WindowCenter=100)`), `None` removes one that is there by default.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)

Pixels = NDArray[Any]

PATIENT = {
    "PatientID": "PHANTOM-1",
    "PatientName": "Phantom^Ada",
    "PatientBirthDate": "19600102",
    "PatientSex": "F",
    "PatientAge": "064Y",
}
AIR_HU, WATER_HU, BONE_HU = -1000, 0, 1000


def write(dataset: Dataset, path: Path | str) -> Path:
    """Write a phantom as a DICOM file (preamble and meta header included) and say where."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(target, enforce_file_format=True)
    return target


def blank(sop_class_uid: str, modality: str, *, name: str = "blank", study: str = "1", series: str = "1") -> Dataset:
    """An object with a patient, a study, a series and no pixels. `name` makes the instance's UID."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["wetread instance", study, series, name])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["wetread study", study])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["wetread series", study, series])
    dataset.Modality = modality
    dataset.StudyDate = "20240102"
    dataset.StudyTime = "101500"
    dataset.AccessionNumber = f"ACC-{study}"[:16]
    dataset.SeriesNumber = int(series) if series.isdigit() else 1
    dataset.InstanceNumber = 1
    put(dataset, PATIENT)
    return dataset


def put(dataset: Dataset, headers: dict[str, Any]) -> Dataset:
    """Set headers by keyword; a header given as None is removed."""
    for keyword, value in headers.items():
        if value is None:
            if keyword in dataset:
                delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def set_pixels(dataset: Dataset, pixels: Pixels, *, photometric: str, bits_stored: int | None = None) -> Dataset:
    """Store pixels uncompressed.

    pixels: (rows, columns), (rows, columns, 3) or (frames, rows, columns[, 3]), uint8, int8, uint16, int16,
    uint32 or int32; stored values, not modality units. Signed data keeps only its BitsStored lowest bits.
    """
    samples = 3 if photometric in ("RGB", "YBR_FULL") else 1
    frames_shape = pixels.ndim - (samples > 1)
    rows, columns = pixels.shape[-2 - (samples > 1) :][:2]
    stored = bits_stored or pixels.dtype.itemsize * 8
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = int(rows), int(columns)
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = stored, stored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    if samples > 1:
        dataset.PlanarConfiguration = 0
    if frames_shape > 2:
        dataset.NumberOfFrames = int(pixels.shape[0])
    raw = pixels.view(pixels.dtype.str.replace("i", "u")) & np.array(
        (1 << stored) - 1, pixels.dtype.str.replace("i", "u")
    )
    data = np.ascontiguousarray(raw).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    return dataset


def ramp(rows: int, columns: int, *, bits_stored: int = 12, signed: bool = False) -> Pixels:
    """Every level once and evenly, row by row.

    Returns: (rows, columns) of the smallest integer type; first pixel the lowest level, last the highest.
    """
    low, high = (-(1 << (bits_stored - 1)), (1 << (bits_stored - 1)) - 1) if signed else (0, (1 << bits_stored) - 1)
    kind = ("i" if signed else "u") + ("1" if bits_stored <= 8 else "2" if bits_stored <= 16 else "4")
    return np.rint(np.linspace(low, high, rows * columns)).astype(kind).reshape(rows, columns)


def radiograph(
    rows: int = 64,
    columns: int = 48,
    *,
    photometric: str = "MONOCHROME2",
    bits_stored: int = 12,
    signed: bool = False,
    pixels: Pixels | None = None,
    name: str = "radiograph",
    **headers: Any,  # noqa: ANN401 - any DICOM keyword with its value
) -> Dataset:
    """A digital radiograph; its pixels are `ramp` unless given."""
    dataset = blank(DigitalXRayImageStorageForPresentation, "DX", name=name)
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = "PA"
    dataset.PixelSpacing = [0.5, 0.5]
    values = ramp(rows, columns, bits_stored=bits_stored, signed=signed) if pixels is None else pixels
    set_pixels(dataset, values, photometric=photometric, bits_stored=bits_stored)
    return put(dataset, headers)


def chest_pattern(rows: int = 256, columns: int = 224) -> NDArray[np.float64]:
    """Something like a chest: bright body, two dark lungs, a bright heart to the right of the middle.

    Returns: (rows, columns) float64, 0 (air) to 1 (dense), soft-edged, without noise.
    """
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = (y + 0.5) / rows, (x + 0.5) / columns

    def blob(cx: float, cy: float, rx: float, ry: float) -> NDArray[np.float64]:
        distance = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        soft: NDArray[np.float64] = 1 / (1 + np.exp(np.clip(12 * (distance - 1), -50, 50)))
        return soft

    lungs = np.maximum(blob(0.3, 0.48, 0.15, 0.33), blob(0.7, 0.48, 0.15, 0.33))
    image = 0.75 * blob(0.5, 0.6, 0.47, 0.62) * (1 - 0.75 * lungs) + 0.3 * blob(0.57, 0.62, 0.13, 0.17)
    return np.clip(image, 0, 1)


def chest_like(rows: int = 256, columns: int = 224, *, name: str = "chest", **headers: Any) -> Dataset:  # noqa: ANN401
    """A PA chest radiograph (12 bit, MONOCHROME2, one LINEAR window over the full range) of `chest_pattern`."""
    pixels = np.rint(chest_pattern(rows, columns) * 4095).astype(np.uint16)
    windows = {"WindowCenter": 2048, "WindowWidth": 4096}
    return radiograph(pixels=pixels, name=name, **{**windows, **headers})


def ct_slice(
    index: int = 0,
    *,
    rows: int = 64,
    columns: int = 64,
    spacing_mm: float = 5.0,
    series: str = "1",
    **headers: Any,  # noqa: ANN401 - any DICOM keyword with its value
) -> Dataset:
    """One axial slice of a water cylinder in air with a bone rod that wanders one pixel a slice.

    Stored unsigned 12 bit with slope 1, intercept -1024: stored = HU + 1024. Water is 0 HU, air -1000, bone 1000.
    """
    y, x = np.mgrid[0:rows, 0:columns]
    radius = np.hypot((y + 0.5 - rows / 2) / (0.42 * rows), (x + 0.5 - columns / 2) / (0.42 * columns))
    hu = np.where(radius < 1, WATER_HU, AIR_HU)
    left = columns // 3 + index % max(columns // 4, 1)
    hu[rows // 2 : rows // 2 + max(rows // 16, 1), left : left + max(columns // 16, 1)] = BONE_HU
    dataset = blank(CTImageStorage, "CT", name=f"slice {index}", series=series)
    dataset.BodyPartExamined = "CHEST"
    dataset.InstanceNumber = index + 1
    dataset.ImagePositionPatient = [0.0, 0.0, index * spacing_mm]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SliceThickness = spacing_mm
    dataset.PixelSpacing = [0.7, 0.7]
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    set_pixels(dataset, (hu + 1024).astype(np.uint16), photometric="MONOCHROME2", bits_stored=12)
    return put(dataset, headers)


def ct_series(folder: Path | str, *, slices: int = 8, series: str = "1", **options: Any) -> list[Path]:  # noqa: ANN401
    """Write a CT series, one file a slice (`CT001.dcm`, …), and name the files in the order of their position."""
    return [
        write(ct_slice(index, series=series, **options), Path(folder) / f"CT{index + 1:03d}.dcm")
        for index in range(slices)
    ]


def enhanced_ct(frames: int = 4, *, rows: int = 32, columns: int = 32, **headers: Any) -> Dataset:  # noqa: ANN401
    """A multi-frame object whose frames hold the same HU ramp, each stored under its own rescale and window.

    Frame k (from 1) has slope k, intercept -1000 and window 40/(100*k); HU = stored * k - 1000.
    """
    dataset = blank(EnhancedCTImageStorage, "CT", name="enhanced")
    base = np.rint(np.linspace(0, 2000, rows * columns)).reshape(rows, columns)
    pixels = np.stack([np.rint(base / (k + 1)) for k in range(frames)]).astype(np.uint16)
    set_pixels(dataset, pixels, photometric="MONOCHROME2", bits_stored=16)
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_frame_groups(k + 1) for k in range(frames)])
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.8, 0.6]
    shared.PixelMeasuresSequence = Sequence([measures])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.NumberOfFrames = frames
    return put(dataset, headers)


def _frame_groups(number: int) -> Dataset:
    groups, rescale, window, position = Dataset(), Dataset(), Dataset(), Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = number, -1000, "HU"
    window.WindowCenter, window.WindowWidth = 40, 100 * number
    position.ImagePositionPatient = [0.0, 0.0, float(number)]
    groups.PixelValueTransformationSequence = Sequence([rescale])
    groups.FrameVOILUTSequence = Sequence([window])
    groups.PlanePositionSequence = Sequence([position])
    return groups


def lut(table: Pixels, *, first: int = 0, bits: int = 16, explanation: str | None = None) -> Dataset:
    """An item of a Modality or VOI LUT Sequence. table: (n,) unsigned integers of at most `bits` bits."""
    item = Dataset()
    item.add_new(0x00283002, "US" if first >= 0 else "SS", [len(table) % 65536, first, bits])
    item.add_new(0x00283006, "OW", table.astype("<u2").tobytes())
    if explanation:
        item.LUTExplanation = explanation
    return item


def colour(rows: int = 32, columns: int = 48, *, photometric: str = "RGB", planar: int = 0, **headers: Any) -> Dataset:  # noqa: ANN401
    """A secondary capture of `colour_pixels`; in YBR_FULL they are stored converted."""
    dataset = blank(SecondaryCaptureImageStorage, "OT", name=f"colour {photometric} {planar}")
    pixels = colour_pixels(rows, columns)
    if photometric == "YBR_FULL":
        pixels = to_ybr_full(pixels)
    set_pixels(dataset, pixels, photometric=photometric, bits_stored=8)
    if planar:
        dataset.PlanarConfiguration = 1
        data = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)).tobytes()
        dataset.PixelData = data + b"\0" * (len(data) % 2)
    return put(dataset, headers)


def colour_pixels(rows: int = 32, columns: int = 48) -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, blue is 40. Returns: (rows, columns, 3) uint8 RGB."""
    y, x = np.mgrid[0:rows, 0:columns]
    red, green = x * 255 // max(columns - 1, 1), y * 255 // max(rows - 1, 1)
    return np.stack([red, green, np.full_like(red, 40)], axis=-1).astype(np.uint8)


def to_ybr_full(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB to YBR_FULL, both (…, 3) uint8. Source: PS3.3 C.7.6.3.1.2."""
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    ybr = rgb @ matrix.T + np.array([0, 128, 128])
    stored: NDArray[np.uint8] = np.clip(np.rint(ybr), 0, 255).astype(np.uint8)
    return stored


def palette(rows: int = 16, columns: int = 16, **headers: Any) -> Dataset:  # noqa: ANN401
    """A palette image: index i shows red i, green 255 - i, blue 128 (16-bit table entries, high byte used)."""
    dataset = blank(SecondaryCaptureImageStorage, "US", name="palette")
    indices = (np.arange(rows * columns) % 256).astype(np.uint8).reshape(rows, columns)
    set_pixels(dataset, indices, photometric="PALETTE COLOR", bits_stored=8)
    entries = np.arange(256, dtype=np.uint16)
    for colour_name, levels in (("Red", entries), ("Green", 255 - entries), ("Blue", np.full(256, 128, np.uint16))):
        setattr(dataset, f"{colour_name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{colour_name}PaletteColorLookupTableData", (levels * 257).astype("<u2").tobytes())
    return put(dataset, headers)


def bitmap(rows: int = 16, columns: int = 24, **headers: Any) -> Dataset:  # noqa: ANN401
    """A 1-bit image (packed, lowest bit first): left half 0, right half 1."""
    dataset = blank(SecondaryCaptureImageStorage, "OT", name="bitmap")
    bits = np.zeros((rows, columns), np.uint8)
    bits[:, columns // 2 :] = 1
    set_pixels(dataset, bits, photometric="MONOCHROME2", bits_stored=8)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    return put(dataset, headers)


def compress(dataset: Dataset, transfer_syntax_uid: str, fragments: list[bytes]) -> Dataset:
    """The phantom with its pixels replaced by encoded ones, one fragment a frame."""
    dataset.PixelData = encapsulate(fragments)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    return dataset
