"""What Orthanc keeps of the shared files, as a source of studies."""

from pathlib import Path

import pytest

from orthanc import Orthanc, free_port, running_orthanc

__all__ = ["Orthanc", "free_port", "running_orthanc"]


class Kept:
    """What Orthanc took of the shared files: their bytes by SOP Instance UID."""

    def __init__(self, orthanc: Orthanc, files: list[Path]) -> None:
        self.orthanc = orthanc
        self.by_uid: dict[str, bytes] = {}
        studies: dict[str, set[str]] = {}
        for path in files:
            data = path.read_bytes()
            if (name := orthanc.keep(data)) is None:
                continue
            tags = orthanc.http.get(f"/instances/{name}/simplified-tags").json()
            studies.setdefault(tags["StudyInstanceUID"], set()).add(tags.get("PatientID", ""))
            if orthanc.http.get(f"/instances/{name}/file").content == data:
                self.by_uid[tags["SOPInstanceUID"]] = data
                self.by_uid[f"study of {tags['SOPInstanceUID']}"] = tags["StudyInstanceUID"].encode()
        # one study of several patients: Orthanc itself can't tell them apart when it is asked for one of them
        mixed = {uid.encode() for uid, patients in studies.items() if len(patients) > 1}
        for key, study in list(self.by_uid.items()):
            if key.startswith("study of "):
                del self.by_uid[key]
                if study in mixed:
                    del self.by_uid[key.removeprefix("study of ")]


@pytest.fixture(scope="session")
def kept(tmp_path_factory, shared):
    files = [path for path in sorted((shared / "dicom").iterdir()) if 0 < path.stat().st_size < 300_000]
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as orthanc:
        yield Kept(orthanc, files)
