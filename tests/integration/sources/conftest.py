"""A real Orthanc for tests: its own folder, free ports, DICOMweb on."""

import json
import shutil
import socket
import subprocess
import time
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


@contextmanager
def running_orthanc(folder: Path):
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or not PLUGIN.exists():
        pytest.skip("Orthanc and its DICOMweb plugin are not installed (apt install orthanc orthanc-dicomweb)")
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
