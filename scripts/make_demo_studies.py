"""Make the example studies that ship: NIH films wrapped as DICOM, and two slices that pydicom publishes.

usage: python scripts/make_demo_studies.py ../shared/data
The films are free to use with credit to the NIH Clinical Center (Wang et al., CVPR 2017); none is a test film.
"""

import shutil
import sys
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import DigitalXRayImageStorageForPresentation, JPEGBaseline8Bit, JPEGLSLossless, generate_uid

TARGET = Path(__file__).parent.parent / "src" / "wetread" / "demo_studies"
# file, projection, age, sex, photometric interpretation, compression
FILMS = (
    ("00005067_000", "PA", "058Y", "F", "MONOCHROME2", "jpeg"),
    ("00012975_000", "PA", "052Y", "F", "MONOCHROME2", "jpeg"),
    ("00003940_000", "PA", "041Y", "F", "MONOCHROME1", "jpeg-ls"),
)
PICTURE = "00000211_000"


def film(name: str, data: Path, *facts: str) -> Dataset:
    """A digital X-ray object around an NIH film."""
    projection, age, sex, photometric, compression = facts
    source = data / "cxr" / "nih" / f"{name}.jpg"
    pixels = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    if compression == "jpeg":
        stored, syntax = source.read_bytes(), JPEGBaseline8Bit
    else:
        stored, syntax = imagecodecs.jpegls_encode(255 - pixels), JPEGLSLossless
    out = Dataset()
    out.file_meta = FileMetaDataset()
    out.file_meta.TransferSyntaxUID = syntax
    out.SOPClassUID = DigitalXRayImageStorageForPresentation
    for keyword, level in (("StudyInstanceUID", "study"), ("SeriesInstanceUID", "series"), ("SOPInstanceUID", "film")):
        setattr(out, keyword, generate_uid(entropy_srcs=["wetread demo", name, level]))
    out.PatientID = f"DEMO-{name[:8]}"
    out.PatientName = "Example^Film"
    out.PatientAge, out.PatientSex = age, sex
    out.StudyDate, out.AccessionNumber = "20170101", f"DEMO{name[:8]}"
    out.Modality, out.BodyPartExamined, out.ViewPosition = "DX", "CHEST", projection
    out.PresentationIntentType = "FOR PRESENTATION"
    out.SeriesNumber = out.InstanceNumber = 1
    out.ImageComments = "NIH ChestX-ray14, NIH Clinical Center (Wang et al. 2017), reduced to 512 pixels"
    out.SamplesPerPixel, out.PhotometricInterpretation = 1, photometric
    out.Rows, out.Columns = (int(v) for v in np.shape(pixels))
    out.BitsAllocated = out.BitsStored = 8
    out.HighBit, out.PixelRepresentation = 7, 0
    out.WindowCenter, out.WindowWidth = 128, 256
    out.PixelData = encapsulate([stored])
    out["PixelData"].VR = "OB"
    return out


def main() -> None:
    """Write all example studies afresh."""
    data = Path(sys.argv[1])
    TARGET.mkdir(exist_ok=True)
    for name, *facts in FILMS:
        film(name, data, *facts).save_as(TARGET / f"film-{name[:8]}.dcm", enforce_file_format=True)
    shutil.copyfile(data / "cxr" / "nih" / f"{PICTURE}.jpg", TARGET / f"film-{PICTURE[:8]}.jpg")
    for slice_name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copyfile(str(get_testdata_file(slice_name, download=False)), TARGET / slice_name)


if __name__ == "__main__":
    main()
