"""What the imaging tests share: phantoms, pictures and slides as instances."""

import zlib
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from wetread.domain.study import Instance, InstanceKind
from wetread.imaging.select import SLIDE_CLASS
from wetread.testing import phantoms
from wetread.testing.references import instance_of

GLASS, TISSUE, MARK = (244, 242, 245), (196, 110, 160), (20, 40, 220)
BLOCK = 256  # px of level 0: the slides' pattern is made of such squares


@pytest.fixture
def stored(tmp_path):
    """Write a phantom and give its instance."""

    def store(dataset, name="image.dcm"):
        return instance_of(phantoms.write(dataset, tmp_path / name), dataset)

    return store


@pytest.fixture
def picture(tmp_path):
    """Write picture bytes and give their instance."""

    def store(data, name="picture"):
        path = tmp_path / name
        path.write_bytes(data)
        return instance_of(path)

    return store


class Pattern:
    """Glass with an ellipse of tissue, and one blue block inside of it; the same at every level."""

    def __init__(self, width, height, mark=(0.5, 0.45)):
        self.size = (width, height)
        across, down = -(-width // BLOCK), -(-height // BLOCK)
        y, x = np.mgrid[:down, :across]
        inside = ((x + 0.5) / across - 0.5) ** 2 / 0.12 + ((y + 0.5) / down - 0.5) ** 2 / 0.09 < 1
        self.blocks = inside.astype(np.uint8)
        self.mark = (int(mark[0] * across), int(mark[1] * down))
        self.blocks[self.mark[1], self.mark[0]] = 2

    @property
    def mark_box(self):
        x, y = self.mark
        return x * BLOCK, y * BLOCK, (x + 1) * BLOCK, (y + 1) * BLOCK

    def level(self, step):
        return -(-self.size[0] // step), -(-self.size[1] // step)

    def tile(self, step, column, row, side):
        """The block numbers of a tile's pixels: (side, side) at a level that is `step` times smaller."""
        xs = np.minimum((np.arange(side) + column * side) * step // BLOCK, self.blocks.shape[1] - 1)
        ys = np.minimum((np.arange(side) + row * side) * step // BLOCK, self.blocks.shape[0] - 1)
        return self.blocks[np.ix_(ys, xs)]

    def tiles(self, step, side, encode):
        """Every tile of a level, encoded; equal tiles are encoded once."""
        width, height = self.level(step)
        known = {}
        for row in range(-(-height // side)):
            for column in range(-(-width // side)):
                numbers = self.tile(step, column, row, side)
                key = numbers.tobytes() if numbers.min() != numbers.max() else int(numbers[0, 0])
                if key not in known:
                    known[key] = encode(np.array([GLASS, TISSUE, MARK], np.uint8)[numbers])
                yield known[key]


def deflated(tile):
    return zlib.compress(tile.tobytes(), 1)


def jpeg(tile):
    return imagecodecs.jpeg8_encode(tile, level=95, colorspace="rgb", outcolorspace="ycbcr", subsampling="444")


@pytest.fixture
def slide_tiff(tmp_path):
    """Write a pyramidal TIFF (or SVS, with a label and a macro image that are pure red) and give its instance."""
    tifffile = pytest.importorskip("tifffile")

    def store(width, height, *, steps=(1, 4, 16), side=256, svs=False, name="slide.tif"):
        pattern, path = Pattern(width, height), tmp_path / name
        red = np.full((300, 400, 3), (255, 0, 0), np.uint8)
        text = f"Aperio Image Library v12.0.15\r\n{width}x{height} [0,0 {width}x{height}] |AppMag = 20|MPP = 0.5"
        with tifffile.TiffWriter(path, bigtiff=not svs) as out:
            for step in steps:
                across, down = pattern.level(step)
                out.write(
                    pattern.tiles(step, side, deflated),
                    shape=(down, across, 3),
                    dtype=np.uint8,
                    tile=(side, side),
                    photometric="rgb",
                    compression="adobe_deflate",
                    subfiletype=0 if svs or step == 1 else 1,
                    description=text if svs else None,
                    metadata=None,
                    resolution=(20000 / step, 20000 / step),
                    resolutionunit="centimeter",
                )
                if svs and step == 1:  # Aperio's thumbnail is the second page
                    small = pattern.level(32)
                    out.write(np.full((small[1], small[0], 3), GLASS, np.uint8), metadata=None, description=text)
            if svs:
                out.write(
                    red, subfiletype=1, metadata=None, description="Aperio Image Library v12.0.15\r\nlabel 400x300"
                )
                out.write(
                    red, subfiletype=9, metadata=None, description="Aperio Image Library v12.0.15\r\nmacro 400x300"
                )
        instance = instance_of(path)
        return replace(instance, modality="SM", rows=height, columns=width, colour=True), pattern

    return store


def slide_object(pattern, step, *, side=256, flavour="VOLUME", encoded=True):
    """One level of a DICOM slide, TILED_FULL. Source: PS3.3 A.32.8."""
    width, height = pattern.level(step)
    dataset = phantoms.blank(SLIDE_CLASS, "SM", name=f"{flavour} {step}", series="7")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if encoded else ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.ImageType = ["ORIGINAL", "PRIMARY", flavour, "NONE" if step == 1 else "RESAMPLED"]
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["slide"])
    dataset.ContainerIdentifier = "C1"
    dataset.InstanceNumber = step
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    dataset.TotalPixelMatrixFocalPlanes = dataset.NumberOfOpticalPaths = 1
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = pattern.size[0] * 0.0005, pattern.size[1] * 0.0005
    dataset.ImagedVolumeDepth = 0.001
    dataset.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin, optics, kind = Dataset(), Dataset(), Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 10, 20
    dataset.TotalPixelMatrixOriginSequence = [origin]
    optics.OpticalPathIdentifier = "1"
    kind.CodeValue, kind.CodingSchemeDesignator, kind.CodeMeaning = "111744", "DCM", "Brightfield illumination"
    optics.IlluminationTypeCodeSequence = [kind]
    dataset.OpticalPathSequence = [optics]
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005 * step, 0.0005 * step]
    measures.SliceThickness = 0.001
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.SpecimenLabelInImage = "YES" if flavour == "LABEL" else "NO"
    dataset.BurnedInAnnotation = "YES" if flavour == "LABEL" else "NO"
    dataset.FocusMethod, dataset.ExtendedDepthOfField, dataset.LossyImageCompression = "AUTO", "NO", "01"
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "YBR_FULL_422", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    tiles = list(pattern.tiles(step, side, jpeg if encoded else bytes))
    dataset.NumberOfFrames = len(tiles)
    if encoded:
        dataset.PixelData = encapsulate(tiles)
    else:
        dataset.PhotometricInterpretation, dataset.PixelData = "RGB", b"".join(tiles)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = encoded
    return dataset


@pytest.fixture
def slide_dicom(tmp_path):
    """Write a DICOM slide of several levels, with a label and an overview that are pure blue."""

    def store(width, height, *, steps=(1, 4, 16), side=256, extras=True):
        pattern = Pattern(width, height)
        made = [(slide_object(pattern, step, side=side), f"level{step}.dcm") for step in steps]
        if extras:
            blue = Pattern(256, 256, mark=(0, 0))
            made += [(slide_object(blue, 1, flavour=kind), f"{kind}.dcm") for kind in ("LABEL", "OVERVIEW")]
        instances = []
        for dataset, name in made:
            path = phantoms.write(dataset, tmp_path / name)
            instances.append(
                Instance(
                    file=name,
                    path=path,
                    sha256="0" * 64,
                    size_bytes=path.stat().st_size,
                    kind=InstanceKind.DICOM_IMAGE,
                    sop_class_uid=SLIDE_CLASS,
                    sop_instance_uid=str(dataset.SOPInstanceUID),
                    modality="SM",
                    rows=dataset.Rows,
                    columns=dataset.Columns,
                    frames=int(dataset.NumberOfFrames),
                    colour=True,
                )
            )
        return tuple(instances), pattern

    return store
