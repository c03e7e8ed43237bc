"""Small objects for tests, as bytes of a file."""

import io

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def slice_of(study: str | None = None, series: str | None = None, *, side: int = 16, **attributes: object) -> Dataset:
    """A CT slice with a ramp of grey."""
    made = Dataset()
    made.file_meta, made.preamble = FileMetaDataset(), bytes(128)
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = study or generate_uid(), series or generate_uid()
    made.Modality, made.PatientID, made.PatientName = "CT", "P1", "Doe^Jane"
    made.StudyDate, made.StudyTime, made.AccessionNumber = "20240229", "101530", "A1"
    made.InstanceNumber, made.SeriesNumber = 1, 1
    made.Rows = made.Columns = side
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 0
    made.RescaleSlope, made.RescaleIntercept = 1, 0
    made.WindowCenter, made.WindowWidth = 128, 256
    made.PixelSpacing = [0.5, 0.5]
    made.PixelData = (np.arange(side * side, dtype=np.uint16) % 256).astype("<u2").tobytes()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def file_of(dataset: Dataset) -> bytes:
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()
