"""A real Orthanc for tests: its own folder, free ports, DICOMweb on."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_WITHIN_S = 20


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return finder.getsockname()[1]


class Orthanc:
    def __init__(self, http_port: int, dicom_port: int) -> None:
        self.url, self.dicom_port = f"http://127.0.0.1:{http_port}", dicom_port
        self.web = f"{self.url}/dicom-web"
        self.http = httpx2.Client(base_url=self.url, trust_env=False, timeout=30)

    def keep(self, data: bytes) -> str | None:
        """Give it an object; its id, or None where it refuses."""
        answer = self.http.post("/instances", content=data)
        return answer.json()["ID"] if answer.status_code == 200 else None

    def listen_for(self, name: str, ae_title: str, port: int) -> None:
        """Tell it of a node that it may send to."""
        self.http.put(f"/modalities/{name}", json={"AET": ae_title, "Host": "127.0.0.1", "Port": port})

    def knows(self, ae_title: str, port: int) -> None:
        """Tell it of our listener, which it may answer storage commitments to."""
        told = {"AET": ae_title, "Host": "127.0.0.1", "Port": port, "AllowStorageCommitment": True}
        self.http.put("/modalities/wetread", json=told).raise_for_status()

    def instances(self) -> dict[str, str]:
        """SOP Instance UID → its own id of everything it keeps."""
        found = self.http.get("/instances?expand").json()
        return {one["MainDicomTags"]["SOPInstanceUID"]: one["ID"] for one in found}

    def file(self, name: str) -> bytes:
        return self.http.get(f"/instances/{name}/file").content

    def forget(self) -> None:
        for name in self.http.get("/patients").json():
            self.http.delete(f"/patients/{name}")


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or not PLUGIN.exists():
        pytest.skip("Orthanc and its DICOMweb plugin are not installed (apt install orthanc orthanc-dicomweb)")
    folder.mkdir(parents=True, exist_ok=True)
    orthanc = Orthanc(free_port(), free_port())
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": [str(PLUGIN)],
        "HttpPort": int(orthanc.url.rpartition(":")[2]),
        "DicomPort": orthanc.dicom_port,
        "DicomAet": "ORTHANC",
        "AuthenticationEnabled": False,
        **{f"DicomAlwaysAllow{verb}": True for verb in ("Echo", "Find", "Get", "Move", "Store")},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "SaveJobs": False,
        "DicomModalitiesInDatabase": True,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until:
            try:
                orthanc.http.get("/system").raise_for_status()
                break
            except httpx2.HTTPError:
                assert process.poll() is None, (folder / "orthanc.log").read_text()[-2000:]
                time.sleep(0.05)
        yield orthanc
    finally:
        orthanc.http.close()
        process.kill()
        process.wait()
