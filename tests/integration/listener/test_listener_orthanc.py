"""Orthanc as a sender: what it sends arrives here as it arrives at storescp, byte by byte."""

import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .sender import House, dataset_of

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("Orthanc", "storescp"))), reason="Orthanc and dcmtk's storescp"
)
FILES = (
    "pydicom-data__693_UNCR.dcm", "kcr2019d1__anon_apct.dcm", "pydicom__693_J2KI.dcm", "pydicom__SC_rgb_rle.dcm",
    "dcm4che__MR-JPEGLosslessSV1.dcm", "pydicom__test-SR.dcm", "pydicom__image_dfl.dcm", "dicom-test-files__mf.dcm",
    "pydicom__rtdose_1frame.dcm", "cornerstone3D__TestPattern_JPEG-LS-Lossless.dcm",
)  # fmt: skip


def test_what_orthanc_sends_arrives_as_it_left(shared: Path, listening: Callable[..., House], tmp_path: Path) -> None:
    house = listening()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    with _running(["storescp", "+xa", "+B", "-od", str(theirs)], port := _free_port(), str(port)):
        peers = {"here": ["WETREAD", house.host, house.port], "there": ["STORESCP", "127.0.0.1", port]}
        with _orthanc(tmp_path, peers) as url:
            ids = [
                json.loads(_post(f"{url}/instances", (shared / "dicom" / name).read_bytes()))["ID"] for name in FILES
            ]
            for peer in peers:
                told = json.loads(_post(f"{url}/modalities/{peer}/store", json.dumps({"Resources": ids}).encode()))
                assert (told["InstancesCount"], told["FailedInstancesCount"]) == (len(FILES), 0)
    here = sorted(hashlib.sha256(dataset_of(file)).hexdigest() for file in house.objects())
    assert here == sorted(hashlib.sha256(dataset_of(file)).hexdigest() for file in theirs.iterdir())
    assert len(here) == len(FILES)


@contextmanager
def _orthanc(folder: Path, peers: dict[str, list[object]]) -> Iterator[str]:
    port = _free_port()
    settings = {
        "StorageDirectory": str(folder / "orthanc"),
        "IndexDirectory": str(folder / "orthanc"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": True,
        "Plugins": [],
        "AuthenticationEnabled": False,
        "DicomModalities": peers,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with _running(["Orthanc"], port, str(folder / "orthanc.json")):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(words: list[str], port: int, last: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    child = subprocess.Popen([*words, last], stdout=quiet, stderr=quiet)
    try:
        for _ in range(400):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        child.terminate()
        child.wait(20)


def _post(url: str, body: bytes) -> bytes:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as problem:
        raise AssertionError(f"{url}: {problem.read().decode(errors='replace')}") from None


def _free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return int(finder.getsockname()[1])
