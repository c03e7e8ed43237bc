"""Archives that a report's objects are sent to: dcmtk's, Orthanc, and one that answers as a test wants."""

import asyncio
import datetime
import io
import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pydicom
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, build_context, build_role, evt

from reported import report_of, studies_of
from wetread.delivery.dicom_node import DicomNode
from wetread.delivery.made import Made
from wetread.delivery.objects_of import maker
from wetread.delivery.tools import Tools
from wetread.domain.report import Receipt, Report
from wetread.intake.listener import Listener
from wetread.intake.spool import Spool
from wetread.settings import DestinationSettings, ListenerSettings
from wetread.wiring.outputs import rendered
from wetread.wiring.service import SystemClock
from wetread.wiring.sources import demo_files

COMMITMENT, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
ALL_KINDS = ("sr", "ko", "gsps", "sc", "pdf")
TOOLS = Tools(render=rendered, clock=SystemClock(), ae_title="WETREAD")
START_WITHIN_S = 20


@cache
def demo_report(name: str = "CT_small.dcm") -> Report:
    return report_of(studies_of(*(path for path in demo_files() if path.name == name))[0])


@cache
def demo_objects(kinds: tuple[str, ...] = ALL_KINDS, name: str = "CT_small.dcm") -> tuple[Made, ...]:
    return maker(DestinationSettings(objects=kinds), TOOLS)(demo_report(name))


def node(port: int, **own: object) -> DicomNode:
    """A destination of kind dicom at this machine."""
    usual = {"kind": "dicom", "host": "127.0.0.1", "port": port, "ae_title": "ARCHIVE", "timeout_s": 10}
    return DicomNode.configured("pacs", DestinationSettings.model_validate(usual | own), TOOLS)


def delivered(destination: object, report: Report | None = None) -> Receipt:
    return asyncio.run(destination.deliver(report or demo_report()))


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        return finder.getsockname()[1]


def until(happened: Callable[[], object], within_s: float = 15.0) -> object:
    """What it gives once it gives something, or the last of nothing."""
    end = time.monotonic() + within_s
    while not (found := happened()) and time.monotonic() < end:
        time.sleep(0.03)
    return found


@dataclass
class Archive:
    """A storage SCP of pynetdicom's. `status` answers each object, `transaction` what commitment was asked."""

    status: Callable[[int], int] = lambda _nth: 0x0000
    syntaxes: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    commits: bool = False
    accepts_action: int = 0x0000
    on_action: Callable[[evt.Event, Dataset], None] | None = None
    before_accept: Callable[[evt.Event], None] | None = None
    tls: ssl.SSLContext | None = None
    require_calling: tuple[str, ...] = ()
    require_called: bool = False
    most: int = 10
    got: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[Dataset] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def open(self) -> Iterator["Archive"]:
        ae = AE("ARCHIVE")
        ae.maximum_associations = self.most
        ae.require_calling_aet, ae.require_called_aet = list(self.require_calling), self.require_called
        for context in AllStoragePresentationContexts:
            if self.classes is None or context.abstract_syntax in self.classes:
                ae.add_supported_context(
                    context.abstract_syntax, list(self.syntaxes) if self.syntaxes else context.transfer_syntax
                )
        if self.commits:
            ae.add_supported_context(COMMITMENT)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._action)]
        if self.before_accept is not None:
            handlers.append((evt.EVT_REQUESTED, self.before_accept))
        server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=self.tls, evt_handlers=handlers)
        self.port = server.server_address[1]
        try:
            yield self
        finally:
            server.shutdown()

    def objects(self) -> list[Dataset]:
        return [pydicom.dcmread(io.BytesIO(data), force=True) for _, data in self.got]

    def _store(self, event: evt.Event) -> int:
        status = self.status(len(self.got) + 1)
        self.got.append((str(event.context.transfer_syntax), event.encoded_dataset()))
        return status

    def _action(self, event: evt.Event) -> tuple[int, None]:
        self.asked.append(event.action_information)
        if self.on_action is not None:
            asked, association = event.action_information, event.assoc
            threading.Timer(0.1, lambda: self.on_action(association, asked)).start()
        return self.accepts_action, None


def commitment_told(asked: Dataset, *, failed: int = 0, reason: int = 0x0112) -> Dataset:
    """The event information of an archive that keeps all, or all but the first `failed`."""
    told = Dataset()
    told.TransactionUID = asked.TransactionUID
    references = list(asked.ReferencedSOPSequence)
    if references[failed:]:
        told.ReferencedSOPSequence = references[failed:]
    for item in references[:failed]:
        item.FailureReason = reason
    if failed:
        told.FailedSOPSequence = references[:failed]
    return told


def says(told: Dataset, association: object) -> int:
    """Send the report; the status it is answered with."""
    kind = 2 if "FailedSOPSequence" in told else 1
    status, _ = association.send_n_event_report(told, kind, COMMITMENT, WELL_KNOWN)
    return status.Status


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """dcmtk's archive, writing what it receives bit by bit into the folder."""
    program = Path("/usr/bin/storescp")
    if not program.exists():
        pytest.skip("dcmtk is not installed (apt install dcmtk)")
    port = free_port()
    with (folder.parent / "storescp.log").open("wb") as log:
        words = [str(program), "-v", "+B", "-aet", "ARCHIVE", "-od", str(folder), *options, str(port)]
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        assert until(lambda: _answers(port)), (folder.parent / "storescp.log").read_text()[-2000:]
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Certificates:
    """An authority, a server's certificate for this machine, and a client's; `stranger` is of another authority."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"authority of {folder.name}")])
        self.ca = self._write("ca", self._key, self._name)
        self.server, self.client = self.issue("server"), self.issue("client")

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self._write(name, key, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        secret = path.with_suffix(".key")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(*form))
        return path, secret

    def server_context(self, *, wants_client: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server)
        if wants_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _write(self, stem: str, key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> Path:
        now = datetime.datetime.now(datetime.UTC)
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=subject == self._name, path_length=None), critical=True)
            .add_extension(here, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self.folder / f"{stem}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


@contextmanager
def listening(folder):
    """A listener of this process; its port."""
    listener = Listener(Spool(folder / "spool"), ListenerSettings(min_free_bytes=0), ("127.0.0.1", 0))
    listener.start()
    try:
        yield listener.address[1]
    finally:
        listener.stop(1.0)


@contextmanager
def listening_process(folder):
    """`wetread listen`, as the service starts it; its port."""
    words = [sys.executable, "-m", "wetread", "listen", "--data", str(folder), "--dicom", "127.0.0.1:0"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
    process = subprocess.Popen(words, stderr=subprocess.PIPE, cwd=folder, env=environment, text=True)
    try:
        line = process.stderr.readline()
        while "listening for DICOM" not in line:
            assert process.poll() is None, line
            line = process.stderr.readline()
        yield int(line.partition(" as AE")[0].rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


@contextmanager
def calling(port, *, roles=True, syntaxes=("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")):
    """An archive's association to our listener."""
    ae = AE("ARCHIVE")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    role = [build_role(COMMITMENT, scu_role=False, scp_role=True)] if roles else []
    association = ae.associate(
        "127.0.0.1", port, [build_context(COMMITMENT, list(syntaxes))], ae_title="WETREAD", ext_neg=role
    )
    assert association.is_established
    try:
        yield association
    finally:
        association.release()
