"""Real senders: dcmtk's storescu and echoscu, pynetdicom; every file there is, in the transfer syntax it has."""

import datetime
import hashlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import generate_uid
from pynetdicom import AE, _config, build_context

from .sender import House, dataset_of

Open = Callable[..., House]
Said = Callable[[], list[str]]
# how storescu proposes a transfer syntax, and storescp takes it
OPTIONS = {
    "1.2.840.10008.1.2": "xi", "1.2.840.10008.1.2.1": "xe", "1.2.840.10008.1.2.2": "xb", "1.2.840.10008.1.2.1.99": "xd",
    "1.2.840.10008.1.2.4.50": "xy", "1.2.840.10008.1.2.4.51": "xx", "1.2.840.10008.1.2.4.70": "xs",
    "1.2.840.10008.1.2.4.80": "xt", "1.2.840.10008.1.2.4.81": "xu", "1.2.840.10008.1.2.4.90": "xv",
    "1.2.840.10008.1.2.4.91": "xw", "1.2.840.10008.1.2.5": "xr",
}  # fmt: skip
Sendable = tuple[Path, str, str]  # file, SOP class, transfer syntax

needs_dcmtk = pytest.mark.skipif(
    not all(map(shutil.which, ("storescu", "storescp", "echoscu"))), reason="dcmtk's storescu, storescp, echoscu"
)


@pytest.fixture(scope="module")
def sendable(shared: Path) -> list[Sendable]:
    """Files that say in their meta information what a sender must know."""
    found = []
    for path in sorted((shared / "dicom").iterdir()):
        try:
            meta = read_file_meta_info(path)
            found.append((path, str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)))
        except (InvalidDicomError, AttributeError, OSError, KeyError):
            continue
    assert len(found) > 100
    return found


def _sent_bytes(path: Path) -> bytes:
    data = path.read_bytes()
    with path.open("rb") as file:
        pydicom.filereader.read_preamble(file, force=False)
        pydicom.filereader._read_file_meta_info(file)
        return data[file.tell() :]


def test_every_file_arrives_bit_identical_or_is_refused_with_a_line(
    sendable: list[Sendable], listening: Open, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    house = listening()
    contexts = sorted({(sop_class, syntax) for _, sop_class, syntax in sendable})
    kept, refused = set(), []
    for start in range(0, len(contexts), 120):
        some = contexts[start : start + 120]
        association = AE().associate(house.host, house.port, contexts=[build_context(*one) for one in some])
        assert association.is_established
        for path, sop_class, syntax in sendable:
            if (sop_class, syntax) not in some:
                continue
            try:
                status = association.send_c_store(path)
            except (ValueError, AttributeError):  # no accepted context, or the sender can't make a request of the file
                refused.append(sop_class)
                continue
            if status.Status != 0x0000:
                refused.append(sop_class)
                continue
            kept.add(hashlib.sha256(_sent_bytes(path)).hexdigest())
        association.release()
    assert house.is_quiet()
    arrived = {hashlib.sha256(dataset_of(file)).hexdigest() for file in house.objects()}
    assert arrived == kept
    assert len(house.objects()) == len(sendable) - len(refused)
    assert len(refused) <= 4
    assert sum("object refused" in line for line in said()) == 1  # one without a SOP instance UID
    assert any("presentation contexts refused" in line and "Media Storage Directory" in line for line in said())


@needs_dcmtk
@pytest.mark.parametrize(("syntax", "option"), OPTIONS.items())
def test_storescu_leaves_the_same_bytes_here_as_with_storescp(
    sendable: list[Sendable], listening: Open, tmp_path: Path, syntax: str, option: str
) -> None:
    files = [path for path, _, its in sendable if its == syntax]
    house = listening()
    theirs = tmp_path / "storescp"
    theirs.mkdir()
    with _storescp(theirs, option) as port:
        assert _storescu(house.port, option, files) >= _storescu(port, option, files) > 0  # private classes come on top
    assert house.is_quiet()
    here = {_hash_of(file) for file in house.objects()}
    there = {_hash_of(file) for file in theirs.iterdir()}
    assert there <= here  # storescp keeps one of several files with the same UID


def _hash_of(file: Path) -> str:
    return hashlib.sha256(dataset_of(file)).hexdigest()


def _storescu(port: int, option: str, files: list[Path]) -> int:
    """How many it could send."""
    words = ["storescu", "-v", "-nh", "-R", f"-{option}", "127.0.0.1", str(port), *map(str, files)]
    said = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, timeout=60)
    return (said.stdout + said.stderr).count("Received Store Response (Success)")


@contextmanager
def _storescp(folder: Path, option: str) -> Iterator[int]:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    take = [] if option == "xi" else [f"+{option}"]
    child = subprocess.Popen(["storescp", "+B", *take, "-od", str(folder), str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        child.terminate()
        child.wait()


@needs_dcmtk
def test_echoscu_is_answered(listening: Open) -> None:
    house = listening()
    subprocess.run(["echoscu", "127.0.0.1", str(house.port)], check=True, timeout=20)


@needs_dcmtk
def test_four_senders_at_once_lose_nothing(shared: Path, listening: Open, tmp_path: Path) -> None:
    house = listening()
    names = set()
    dataset = pydicom.dcmread(shared / "dicom" / "pydicom-data__693_UNCR.dcm")
    for number in range(40):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        names.add(dataset.SOPInstanceUID)
        folder = tmp_path / f"sender{number % 4}"
        folder.mkdir(exist_ok=True)
        dataset.save_as(folder / f"{number}.dcm")
    senders = [
        subprocess.Popen(["storescu", "+sd", "127.0.0.1", str(house.port), str(tmp_path / f"sender{n}")])
        for n in range(4)
    ]
    assert [sender.wait(60) for sender in senders] == [0, 0, 0, 0]
    arrived = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in house.objects()]
    assert sorted(arrived) == sorted(names)
    assert len({file.parent for file in house.objects()}) == 4


@needs_dcmtk
def test_a_refusal_reaches_storescu(shared: Path, listening: Open) -> None:
    house = listening(min_free_bytes=2**62)
    file = shared / "dicom" / "pydicom-data__693_UNCR.dcm"
    words = ["storescu", "-v", "127.0.0.1", str(house.port), str(file)]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert "OutOfResources" in (said.stdout + said.stderr).replace(" ", "")


class Certificates:
    """An authority, a server and a client, as PEM files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        self.ca = self._write("ca", self._key, self._name)
        self.server, self.client = self.issue("localhost"), self.issue("client")

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        path = self._write(name, key, subject)
        secret = path.with_suffix(".key")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(*form))
        return path, secret

    def _write(self, stem: str, key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> Path:
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=subject == self._name, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        path = self.folder / f"{stem}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@needs_dcmtk
def test_tls_takes_who_shows_a_certificate_and_nobody_else(
    shared: Path, listening: Open, certificates: Certificates, said: Said
) -> None:
    certificate, key = certificates.server
    house = listening(
        tls_certificate_file=certificate, tls_key_file=key, tls_client_ca_file=certificates.ca, network_timeout_s=5
    )
    file = shared / "dicom" / "pydicom-data__693_UNCR.dcm"
    shown, secret = certificates.client
    words = ["storescu", "+tls", str(secret), str(shown), "+cf", str(certificates.ca), "127.0.0.1", str(house.port)]
    subprocess.run([*words, str(file)], check=True, timeout=20)
    assert len(house.objects()) == 1
    assert subprocess.run(["echoscu", "127.0.0.1", str(house.port)], check=False, capture_output=True).returncode
    context = ssl.create_default_context(cafile=certificates.ca)
    context.check_hostname = False
    plain = socket.create_connection((house.host, house.port), 5)
    with plain, pytest.raises(OSError, match=r"certificate|reset|EOF"):
        _talk(context, plain)
    assert house.is_quiet()
    assert sum("connection refused" in line for line in said()) == 2


def _talk(context: ssl.SSLContext, plain: socket.socket) -> None:
    with context.wrap_socket(plain) as secured:  # TLS 1.3 learns of the refusal with the first answer
        secured.settimeout(5)
        secured.send(b"\x01")
        secured.recv(1)


def test_a_stalled_handshake_holds_nobody_up(listening: Open, certificates: Certificates) -> None:
    certificate, key = certificates.server
    house = listening(tls_certificate_file=certificate, tls_key_file=key, network_timeout_s=2)
    context = ssl.create_default_context(cafile=certificates.ca)
    context.check_hostname = False
    with socket.create_connection((house.host, house.port)):
        association = AE().associate(
            house.host, house.port, contexts=[build_context("1.2.840.10008.1.1")], tls_args=(context, "localhost")
        )
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()
