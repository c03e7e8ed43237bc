"""Small DICOM objects with known answers, written by the tests themselves."""

import struct
import zlib
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"


def slice_of_ct(**changes):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CT, "1.2.3.4.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    ds.Modality, ds.PatientID, ds.PatientName = "CT", "P1", "Phantom^One"
    ds.StudyDate, ds.PatientBirthDate = "20240301", "19640301"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 4, 6, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = bytes(range(48))
    ds["PixelData"].VR = "OW"
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def write(path: Path, ds=None, *, syntax: str = ExplicitVRLittleEndian, **changes) -> Path:
    ds = ds if ds is not None else slice_of_ct(**changes)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = CT, "1.2.3.4.1"
    uid = UID(syntax)
    ds.save_as(path, implicit_vr=uid.is_implicit_VR, little_endian=uid.is_little_endian, enforce_file_format=True)
    return path


def deflated_bomb(path: Path, inflated_bytes: int) -> Path:
    """A Deflated object whose dataset is one long private element of zeros."""
    plain = write(path, slice_of_ct(), syntax="1.2.840.10008.1.2.1.99").read_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, inflated_bytes)
    body = packer.compress(body)
    for _ in range(inflated_bytes >> 20):
        body += packer.compress(bytes(1 << 20))
    meta_end = 144 + struct.unpack_from("<I", plain, 140)[0]
    path.write_bytes(plain[:meta_end] + body + packer.flush())
    return path
