"""Reports over MLLP: what counts as taken, what is tried again, what stops at once, and who parses it."""

import asyncio
import dataclasses
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import hl7
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hl7_peers import Receiver, accepting, answering, free_port, independent_listener
from oru_rules import parsed, problems, raw
from reported import report_of, studies_of
from wetread.delivery.mllp import LONGEST_ANSWER_BYTES, Mllp, acknowledgement
from wetread.delivery.tools import Tools
from wetread.domain.report import Report
from wetread.domain.study import Patient
from wetread.errors import ConfigurationError, DeliveryFailed
from wetread.reporting.as_pdf import as_pdf
from wetread.reporting.as_text import as_text
from wetread.settings import DestinationSettings
from wetread.testing import phantoms
from wetread.testing.clock import TurnableClock

CONTROL = "wr-"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("mllp") / "chest.dcm")
    return report_of(*studies_of(path))


def render(report: Report, how: str) -> bytes:
    return {"text": as_text, "pdf": as_pdf}[how](report)


def mllp(port: int, **own: object) -> Mllp:
    settings = DestinationSettings.model_validate(
        {"kind": "hl7", "host": "127.0.0.1", "port": port, "timeout_s": 5.0} | own
    )
    return Mllp.configured("ris", settings, Tools(render=render, clock=TurnableClock()))


def deliver(port: int, report: Report, **own: object) -> str:
    return asyncio.run(mllp(port, **own).deliver(report)).reference


def failure(port: int, report: Report, **own: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(port, report, **own)
    return caught.value


def test_a_report_is_received_whole_and_its_receipt_says_acknowledged(report: Report) -> None:
    with Receiver() as receiver:
        reference = deliver(receiver.port, report)
    (message,) = receiver.received
    assert problems(message, report) == []
    assert reference == f"{report.report_id} acknowledged AA"


def test_a_resend_is_the_same_message_under_the_same_control_id(report: Report) -> None:
    with Receiver() as receiver:
        first, second = (deliver(receiver.port, report) for _ in range(2))
    assert first == second
    assert receiver.received[0] == receiver.received[1]


def test_a_commit_accept_counts_as_taken(report: Report) -> None:
    with Receiver(answering("CA")) as receiver:
        assert deliver(receiver.port, report).endswith("acknowledged CA")


@pytest.mark.parametrize("code", ["AE", "CE", "AR", "CR", "XX", ""])
def test_only_a_rejection_is_lasting(report: Report, code: str) -> None:
    with Receiver(answering(code)) as receiver:
        assert failure(receiver.port, report).retry is (code not in {"AR", "CR"})


def test_the_peers_words_stay_out_of_the_failure_its_number_does_not(report: Report) -> None:
    tail = "ERR||PID^1^5|204^Unknown key identifier^HL70357|E|||PHANTOM-1 Ada unknown\r"
    with Receiver(answering("AE", tail=tail)) as receiver:
        told = str(failure(receiver.port, report))
    assert "204" in told
    assert "Ada" not in told
    assert "PHANTOM" not in told


@pytest.mark.parametrize(
    "answer",
    [
        answering("AA", control_id="somebody-elses"),
        lambda _: b"garbage",
        lambda _: b"MSH|^~\\&|A\r",
        lambda _: b"MSH",
        lambda _: b"\xff\xfe\x00",
        lambda _: b"raw:HTTP/1.1 400 Bad Request\r\n\r\n",
        lambda _: b"raw:no start block\x1c\r",
        lambda _: b"raw:\x0bMSH|^~\\&|never ends",
        lambda _: b"raw:\x0b" + b"x" * (2 * LONGEST_ANSWER_BYTES) + b"\x1c\r",
        lambda _: None,
    ],
    ids=["other id", "garbage", "no MSA", "short", "binary", "http", "no start", "no end", "endless", "hangs up"],
)
def test_an_answer_that_is_no_acknowledgement_of_ours_is_tried_again(report: Report, answer) -> None:
    with Receiver(answer) as receiver:
        assert failure(receiver.port, report).retry


def test_silence_is_given_up_after_its_time(report: Report) -> None:
    with Receiver(lambda _: b"") as receiver:
        told = failure(receiver.port, report, timeout_s=0.3)
    assert told.retry
    assert "no answer within 0.3 s" in str(told)


def test_nobody_there_is_tried_again(report: Report) -> None:
    assert failure(free_port(), report).retry
    assert failure(1, report, host="no-such-host.invalid").retry


def test_the_document_goes_along_where_the_site_wants_it(report: Report) -> None:
    with Receiver() as receiver:
        deliver(receiver.port, report, with_pdf=True)
    assert raw(receiver.messages()[0].segments("OBX")[-1], 2) == "ED"


@pytest.mark.parametrize("own", [{"host": None}, {"port": None}, {"tls": {"ca_file": "/no/such/file"}}])
def test_settings_that_cant_work_are_refused_by_name(own: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"service\.destinations\.ris"):
        mllp(**{"port": 2575} | own)


def test_an_acknowledgement_in_other_delimiters_is_understood() -> None:
    told = acknowledgement(b"MSH#*~\\&#A\rMSA#AA#id-1\rERR###101*x\r")
    assert told is not None
    assert (told.code, told.control_id, told.error) == ("AA", "id-1", "101")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, kind, plain))
    return folder / "cert.pem", folder / "key.pem"


def test_tls_is_spoken_and_a_stranger_is_told_nothing(report: Report, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Receiver(accepting, tls=context) as receiver:
        assert deliver(receiver.port, report, tls={"ca_file": str(cert)}).endswith("acknowledged AA")
        assert failure(receiver.port, report, tls={}).retry
    assert len(receiver.received) == 1


HARD = "Ra|dio^lo~gy \\F\\ & <b onclick='x'>&amp;</b> <?xml?> 山田太郎 张小东 \r\nMSH|^~\\&|EVIL"


def test_the_independent_listener_reads_what_we_wrote(report: Report) -> None:
    hard = dataclasses.replace(
        report,
        report_id="wr-hard",
        study=dataclasses.replace(
            report.study, patient=Patient(patient_id="1|2", name="山田^太郎|&"), description=HARD
        ),
    )
    unread = dataclasses.replace(report, report_id="wr-unread-" + "0" * 32 + "-1", consensus=None)
    with independent_listener() as listener:
        for one in (report, hard, unread):
            assert deliver(listener.port, one).endswith("acknowledged AA")
        seen = listener.seen(3)
    with Receiver() as receiver:
        for one in (report, hard, unread):
            deliver(receiver.port, one)
    for told, message in zip(seen, receiver.messages(), strict=True):
        _the_same(told, message)


def _the_same(told: dict[str, object], message: hl7.Message) -> None:
    msh, obr = message.segment("MSH"), message.segment("OBR")
    assert (told["type"], told["event"]) == ("ORU", "R01")
    assert told["control"] == raw(msh, 10)
    assert told["status"] == raw(obr, 25)
    assert told["segments"] in {len(message), len(message) + 1}  # it may count what follows the last CR


def test_hard_texts_arrive_whole(report: Report) -> None:
    study = dataclasses.replace(report.study, patient=Patient(patient_id="1|2", name="山田^太郎|&"), description=HARD)
    hard = dataclasses.replace(report, study=study)
    with Receiver() as receiver:
        deliver(receiver.port, hard)
    made = parsed(receiver.received[0])
    assert made.unescape(raw(made.segment("OBR"), 4)[1:]) == HARD
    assert made.unescape(raw(made.segment("PID"), 3).split("^")[0]) == "1|2"
    family, given = raw(made.segment("PID"), 5).split("^")[:2]
    assert (family, made.unescape(given)) == ("山田", "太郎|&")
