"""STOW-RS beside Orthanc's DICOMweb plug-in: the same objects from the same client, in one run.

`python benchmarks/stow.py [--objects N]`. Needs Orthanc with its plug-in installed.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx2
import pydicom
from pydicom.uid import generate_uid

from benchmarks.ratio import Ratio, at_least, stated

ORTHANC, PLUGIN = shutil.which("Orthanc") or "/usr/sbin/Orthanc", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
BESIDE = Path(__file__).parents[2] / "shared"
CT = Path(os.environ.get("WETREAD_SHARED", BESIDE)) / "data/dicom/pydicom-data__693_UNCR.dcm"
OBJECTS = 60
ROUNDS = 3
START_S = 30.0


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=OBJECTS, help="CT slices for each round")
    for ratio in ratios(parser.parse_args().objects):
        print(f"{ratio.name}: {ratio.value:.2f} {ratio.unit}; {ratio.detail}")


def ratios(count: int = OBJECTS) -> list[Ratio]:
    """Twenty objects a request, then one; the faster of some rounds each, in turn. Empty where a peer is not here."""
    if not (CT.exists() and Path(ORTHANC).exists() and Path(PLUGIN).exists()):
        return []
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        mine, token = stack.enter_context(_wetread(folder / "wetread"))
        theirs = stack.enter_context(_orthanc(folder / "orthanc"))
        found = []
        for title, at_once in (("STOW, 20 objects a request", 20), ("STOW, one object a request", 1)):
            best = {"mine": float("inf"), "theirs": float("inf")}
            for _ in range(ROUNDS):
                objects = slices(CT, count)
                for who, url, headers in (
                    ("theirs", theirs, {}),
                    ("mine", mine, {"Authorization": f"Bearer {token}"}),
                ):
                    best[who] = min(best[who], _send(url, headers, objects, at_once))
            detail = f"{count / best['mine']:.0f} objects/s; {count / best['theirs']:.0f} objects/s"
            found.append(at_least(title, best["theirs"] / best["mine"], 1.5, "x Orthanc's plug-in", detail=detail))
        size = sum(map(len, objects)) / len(objects) / 1024
        found.append(stated("size of an object", size / 512, "x 512 KiB", detail=f"{size:.0f} KiB"))
        return found


def slices(file: Path, count: int) -> list[bytes]:
    """Objects of one new study: the file with identifiers of its own each."""
    dataset = pydicom.dcmread(file)
    study, series = generate_uid(), generate_uid()
    made = []
    for number in range(count):
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = study, series, generate_uid()
        dataset.file_meta.MediaStorageSOPInstanceUID, dataset.InstanceNumber = dataset.SOPInstanceUID, number + 1
        with tempfile.SpooledTemporaryFile(max_size=1 << 24) as out:
            dataset.save_as(out, enforce_file_format=True)
            out.seek(0)
            made.append(out.read())
    return made


def _send(url: str, headers: dict[str, str], objects: list[bytes], at_once: int) -> float:
    boundary = secrets.token_hex(12)
    head = f"\r\n--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    told = {**headers, "Content-Type": kind, "Accept": "application/dicom+json"}
    with httpx2.Client(headers=told, timeout=60) as client:
        client.get(url.rpartition("/")[0])  # the connection is open before the clock runs
        bodies = [
            b"".join(head + one for one in objects[start : start + at_once]) + tail
            for start in range(0, len(objects), at_once)
        ]
        start = time.perf_counter()
        for body in bodies:
            answer = client.post(url, content=body)
            assert answer.status_code == 200, answer.text[:500]
        return time.perf_counter() - start


@contextlib.contextmanager
def _wetread(data: Path) -> Iterator[tuple[str, str]]:
    """`wetread http` in a process of its own, and a token. Nothing ingests beside it: no sender waits for that."""
    command = [sys.executable, "-m", "wetread"]
    made = subprocess.run(
        [*command, "token", "create", "--data", str(data), "--role", "service"],
        check=True,
        capture_output=True,
        text=True,
    )
    port = _free_port()
    server = [*command, "http", "--data", str(data), "--http", f"127.0.0.1:{port}"]
    with _running(server, data.parent / "wetread.log"):
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/dicom-web/studies", made.stdout.strip()


@contextlib.contextmanager
def _orthanc(folder: Path) -> Iterator[str]:
    folder.mkdir()
    port = _free_port()
    settings = {
        "Name": "bench",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "TcpNoDelay": True,
        "Plugins": [PLUGIN],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with _running([ORTHANC, str(folder / "orthanc.json")], folder / "log"):
        _wait(f"http://127.0.0.1:{port}/system")
        yield f"http://127.0.0.1:{port}/dicom-web/studies"


@contextlib.contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        timer = threading.Timer(300, process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url).status_code < 500:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
