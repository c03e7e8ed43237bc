"""A modality that sends until it was told that all has arrived."""

import threading
import time

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE

CR = "1.2.840.10008.5.1.4.1.1.1"


def film(study_uid: str, number: int, *, seed: int, patient: str = "P1") -> FileDataset:
    """A small chest film of its own pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CR, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=True)
    one.SOPClassUID, one.SOPInstanceUID = CR, meta.MediaStorageSOPInstanceUID
    one.StudyInstanceUID, one.SeriesInstanceUID = study_uid, f"{study_uid[:60]}.1"
    one.Modality, one.BodyPartExamined, one.ViewPosition = "CR", "CHEST", "PA"
    one.PatientID, one.PatientName, one.StudyDate, one.AccessionNumber = patient, "Fire^Test", "20260101", ""
    one.SeriesNumber, one.InstanceNumber = 1, number
    one.Rows = one.Columns = 64
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    one.PixelData = np.random.default_rng(seed).integers(0, 4000, (64, 64), dtype=np.uint16).tobytes()
    return one


def send(port: int, films: list, *, patience_s: float = 120.0) -> int:
    """Send again and again until each was acknowledged; how many tries it took."""
    until, left, tries = time.monotonic() + patience_s, list(films), 0
    while left:
        tries += 1
        entity = AE(ae_title="MODALITY")
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
        entity.add_requested_context(CR, ExplicitVRLittleEndian)
        link = entity.associate("127.0.0.1", port, ae_title="WETREAD")
        if link.is_established:
            try:
                while left:
                    status = link.send_c_store(left[0])
                    if not status or status.Status != 0:
                        break
                    left.pop(0)
            except (RuntimeError, ValueError, OSError):
                pass
            link.release() if link.is_established else link.abort()
        if left:
            assert time.monotonic() < until, f"{len(left)} objects could not be sent"
            time.sleep(0.2)
    return tries


class Sender(threading.Thread):
    """Sends a study every `every_s` seconds until it is told to stop; `sent` holds what was acknowledged as a whole."""

    def __init__(self, port: int, *, every_s: float, first: int = 0) -> None:
        super().__init__(daemon=True)
        self.port, self.every_s, self.number = port, every_s, first
        self.sent: list[str] = []
        self.stop = threading.Event()
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.number += 1
                uid = generate_uid()
                send(self.port, [film(uid, n, seed=self.number * 10 + n) for n in (1, 2)])
                self.sent.append(uid)
                self.stop.wait(self.every_s)
        except BaseException as problem:  # noqa: BLE001 - told by the test
            self.problem = problem
