"""Receiving CT by C-STORE: ours against a plain pynetdicom SCP and Orthanc, one process against two, in one run.

The sender is dcmtk's storescu with its defaults. Rates are objects a second, the best of some rounds in turn. Ours and
Orthanc put each object on the disk before they answer, the plain SCP does not. Orthanc runs with TCP_NODELAY=1: as
it comes, each of its answers waits 40 ms for the sender's delayed ACK, and the ratio would be huge and tell nothing.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pydicom
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from benchmarks.ratio import Ratio, at_least, at_most, stated

CT = (
    Path(os.environ.get("WETREAD_SHARED", Path(__file__).parents[2] / "shared"))
    / "data/dicom/pydicom-data__693_UNCR.dcm"
)
OBJECTS = 200
ROUNDS = 4
STALL_MS = 40.0


def ratios() -> list[Ratio]:
    """Receive rates; empty where storescu or the file is not here."""
    if shutil.which("storescu") is None or not CT.exists():
        return []
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wetread-receive-")))
        batches = [_batch(root / f"send{n}", OBJECTS) for n in range(2)]
        ports = {"ours": stack.enter_context(_ours(root / "ours", 1)), "plain": stack.enter_context(_plain(root))}
        if shutil.which("Orthanc"):
            ports["Orthanc"] = stack.enter_context(_orthanc(root / "orthanc"))
        rates = _in_turn({name: (port, batches[:1]) for name, port in ports.items()})
        found = [
            at_least("C-STORE of CT", rates["ours"] / rates["plain"], 1.4, "x plain pynetdicom", detail=_of(rates))
        ]
        if "Orthanc" in rates:
            found.append(
                at_least("C-STORE of CT", rates["ours"] / rates["Orthanc"], 0.7, "x Orthanc", detail=_of(rates))
            )
        each_ms = 1000 / rates["ours"]
        found.append(at_most("stall of an object", each_ms / STALL_MS, 0.5, "x 40 ms", detail=f"{each_ms:.1f} ms each"))
        two = stack.enter_context(_ours(root / "two", 2))
        pair = _in_turn({"one process": (ports["ours"], batches), "two processes": (two, batches)})
        found.append(_scaling(pair))
    return found


def _scaling(pair: dict[str, float]) -> Ratio:
    """Two listeners and two senders want four cores; with fewer the figure is the machine's, not ours."""
    name, unit = "C-STORE, two listeners", "x one listener"
    ratio = pair["two processes"] / pair["one process"]
    cores = os.cpu_count() or 1
    detail = f"{_of(pair)}; 2 senders beside them on {cores} cores"
    if cores < 4:
        return stated(name, ratio, unit, detail=f"{detail}, too few to tell")
    return at_least(name, ratio, 1.7, unit, detail=detail)


def _of(rates: dict[str, float]) -> str:
    return "; ".join(f"{name} {rate:.0f}/s" for name, rate in rates.items())


def _in_turn(runs: dict[str, tuple[int, list[Path]]]) -> dict[str, float]:
    best = dict.fromkeys(runs, 0.0)
    for _ in range(ROUNDS):
        for name, (port, folders) in runs.items():
            best[name] = max(best[name], _rate(port, folders))
    return best


def _rate(port: int, folders: list[Path]) -> float:
    began = time.perf_counter()
    senders = [
        subprocess.Popen(["storescu", "-R", "+sd", "127.0.0.1", str(port), str(folder)], stderr=subprocess.PIPE)
        for folder in folders
    ]
    for sender in senders:
        _, said = sender.communicate()
        if sender.returncode:
            raise RuntimeError(f"storescu: {said.decode(errors='replace')[-400:]}")
    return len(folders) * OBJECTS / (time.perf_counter() - began)


def _batch(folder: Path, count: int) -> Path:
    """One CT slice many times, each with UIDs of its own."""
    folder.mkdir()
    dataset = pydicom.dcmread(CT)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    for number in range(count):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(folder / f"{number:04d}.dcm")
    return folder


@contextmanager
def _ours(root: Path, processes: int) -> Iterator[int]:
    with ExitStack() as stack:
        port = _free_port()
        for _ in range(processes):
            stack.enter_context(_process([sys.executable, __file__, "ours", str(port), str(root)]))
        _wait_for(port)
        time.sleep(1.0)  # the second one of a shared port can't be seen from outside
        yield port


@contextmanager
def _plain(root: Path) -> Iterator[int]:
    port = _free_port()
    folder = root / "plain"
    folder.mkdir()
    with _process([sys.executable, __file__, "plain", str(port), str(folder)]):
        _wait_for(port)
        yield port


@contextmanager
def _orthanc(root: Path) -> Iterator[int]:
    port = _free_port()
    root.mkdir()
    settings = {
        "Name": "bench",
        "StorageDirectory": str(root / "db"),
        "IndexDirectory": str(root / "db"),
        "DicomPort": port,
        "DicomAet": "BENCH",
        "HttpServerEnabled": False,
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
    }
    (root / "orthanc.json").write_text(json.dumps(settings))
    with _process(["Orthanc", str(root / "orthanc.json")], {"TCP_NODELAY": "1"}):
        _wait_for(port)
        yield port


@contextmanager
def _process(words: list[str], environment: dict[str, str] | None = None) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(words, stdout=quiet, stderr=quiet, env={**os.environ, **(environment or {})})
    try:
        yield
    finally:
        child.terminate()
        child.wait(20)


def _free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return int(finder.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the peer did not start")


def _serve_ours(port: int, root: Path) -> None:
    from wetread.intake.listener import Listener
    from wetread.intake.spool import Spool
    from wetread.settings import ListenerSettings

    Listener(Spool(root), ListenerSettings(min_free_bytes=0), ("127.0.0.1", port), shares_port=True).start()
    time.sleep(3600)


def _serve_plain(port: int, root: Path) -> None:
    from pynetdicom import AE, AllStoragePresentationContexts, evt

    def keep(event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        dataset.save_as(root / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
        return 0x0000

    entity = AE()
    entity.supported_contexts = AllStoragePresentationContexts
    entity.start_server(("127.0.0.1", port), block=True, evt_handlers=[(evt.EVT_C_STORE, keep)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"ours": _serve_ours, "plain": _serve_plain}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
    else:
        for one in ratios():
            print(f"{one.name}: {one.value:.2f} {one.unit} (target {one.target}) - {one.detail}")
