"""Real connections: the clients of others, TLS, floods, silence, and bytes that are no message."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ordering import END, VT, answer, code, message, order

from wetread.errors import ConfigurationError
from wetread.intake.hl7.mllp import MllpListener
from wetread.settings import HL7Settings

NODE = """
const {{ Client, Message }} = require('node-hl7-client');
const fs = require('fs');
const client = new Client({{ host: '127.0.0.1' }});
const outbound = client.createConnection({{ port: {port} }}, async (res) => {{
  const m = res.getMessage();
  console.log(JSON.stringify({{ code: m.get('MSA.1').toString(), control: m.get('MSA.2').toString() }}));
  await outbound.close();
  process.exit(0);
}});
outbound.sendMessage(new Message({{ text: fs.readFileSync(0, 'utf-8') }}));
setTimeout(() => process.exit(3), 15000);
"""


@contextmanager
def listening(taking, **settings):
    """A listener in a thread of its own; its port."""
    loop, ready, at = asyncio.new_event_loop(), threading.Event(), {}

    async def serve():
        listener = MllpListener(HL7Settings(**settings), ("127.0.0.1", 0), taking)
        await listener.start()
        at["listener"], at["port"], at["stop"] = listener, listener.address[1], asyncio.Event()
        ready.set()
        await at["stop"].wait()
        await listener.stop(1)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield at
    finally:
        loop.call_soon_threadsafe(at["stop"].set)
        thread.join(10)
        loop.close()
    assert not thread.is_alive()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def test_the_client_of_python_hl7_is_answered(small_ris):
    from hl7.client import MLLPClient

    with listening(small_ris.taking) as at, MLLPClient("127.0.0.1", at["port"]) as client:
        assert code(client.send_message(order(accession="A1"))) == "AA"
        assert code(client.send_message(message("ORU^R01", "PID|||1", control="m2"))) == "AR"
    assert small_ris.order["accession_number"] == "A1"


def test_the_client_of_node_is_answered(small_ris):
    folder = Path(os.environ.get("WETREAD_CHECKS", Path(__file__).parents[4] / "checks-env"))
    if not (folder / "node_modules" / "node-hl7-client").is_dir():
        pytest.skip("node-hl7-client is not installed (WETREAD_CHECKS)")
    with listening(small_ris.taking) as at:
        done = subprocess.run(
            ["node", "-e", NODE.format(port=at["port"])],
            input=order(accession="A1", name="M\xfcller^山田").rstrip(b"\r"),
            capture_output=True,
            cwd=folder,
            timeout=30,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert json.loads(done.stdout) == {"code": "AA", "control": "m1"}
    assert small_ris.order["patient_name"] == "Müller^山田"


def test_messages_may_come_in_pieces_together_and_many_on_one_connection(small_ris):
    with listening(small_ris.taking) as at, connect(at["port"]) as peer:
        for piece in (VT, order(control="1")[:40], order(control="1")[40:] + b"\x1c", b"\r"):
            peer.sendall(piece)
        assert code(answer(peer)) == "AA"
        peer.sendall(VT + order("P2", control="2") + END + b"\r\n" + VT + order("P3", control="3") + END)
        assert [code(answer(peer)), code(answer(peer))] == ["AA", "AA"]
    assert len(small_ris.messages) == 3


def test_senders_beside_each_other_are_all_answered_and_each_message_counts_once(ris):
    with listening(ris.taking) as at:

        def send(number):
            with connect(at["port"]) as peer:
                for control in ("1", "1", "2"):
                    peer.sendall(VT + order(f"P{number % 4}", control=control, accession="A1") + END)
                    codes.append(code(answer(peer)))

        codes = []
        threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert codes == ["AA"] * 24
    assert len(ris.messages) == 8


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        bytes(range(12, 256)) * 100,
        b"\r\n" * 5000,
    ],
)
def test_what_is_no_frame_closes_its_connection_and_no_other(small_ris, data):
    with listening(small_ris.taking) as at, connect(at["port"]) as good, connect(at["port"]) as bad:
        bad.sendall(data)
        with bad, suppress(ConnectionResetError):
            assert answer(bad) == b""
        good.sendall(VT + order() + END)
        assert code(answer(good)) == "AA"
    assert len(small_ris.messages) == 1


@pytest.mark.parametrize("ends", [False, True])
def test_a_message_that_is_too_long_is_refused_with_its_limit_and_ends_the_connection(small_ris, ends):
    with listening(small_ris.taking, max_message_bytes=100_000) as at, connect(at["port"]) as peer:
        peer.sendall(VT + order() + b"NTE|" + b"x" * (60_000 if ends else 200_000))
        if ends:
            peer.sendall(b"y" * 60_000 + END)
        told = answer(peer)
        assert code(told) == "AR"
        assert b"100,000 bytes" in told
        assert peer.recv(10) == b""
    assert small_ris.messages == []


def test_a_message_that_never_ends_is_given_up_after_the_time_allowed(small_ris):
    with listening(small_ris.taking, idle_s=0.3) as at, connect(at["port"]) as slow, connect(at["port"]) as silent:
        slow.sendall(VT + b"MSH|")
        stop = datetime.now(UTC) + timedelta(seconds=5)
        closed = False
        while not closed and datetime.now(UTC) < stop:
            try:
                slow.sendall(b"x")
                slow.settimeout(0.05)
                closed = slow.recv(10) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
        assert silent.recv(10) == b""
        assert at["listener"].open_count == 0
    assert small_ris.messages == []


def test_more_connections_than_are_allowed_are_closed_at_once(small_ris):
    with listening(small_ris.taking, max_connections=2) as at, connect(at["port"]) as one, connect(at["port"]) as two:
        for peer in (one, two):
            peer.sendall(VT + order() + END)
            assert code(answer(peer)) == "AA"
        with connect(at["port"]) as third:
            assert third.recv(10) == b""


@pytest.mark.parametrize(
    "data",
    [
        order().replace(b"\r", b" "),
        b"\x00" * 5000,
        b"",
        message("ORM^O01", "PID|||" + "~".join("9" * 10 for _ in range(10_000)), "ORC|NW|1"),
        message("ADT^A08", *["PID|||1||" + "^" * 5000] * 100),
        message("ORM^O01", *["ORC|NW|"] * 19_000),
    ],
)
def test_hostile_messages_are_answered_and_the_next_one_is_taken(small_ris, data):
    with listening(small_ris.taking) as at, connect(at["port"]) as peer:
        peer.sendall(VT + data + END)
        assert code(answer(peer)) in {"AA", "AR"}
        peer.sendall(VT + order("good", control="good") + END)
        assert code(answer(peer)) == "AA"


def certificates(folder):
    """A CA, and a certificate of the listener and of a client, made here."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now, keys, made = datetime.now(UTC), {}, {}
    for who in ("ca", "server", "client"):
        keys[who] = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
        issuer = made["ca"].subject if "ca" in made else name
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(keys[who].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=who == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        )
        made[who] = builder.sign(keys["ca"], hashes.SHA256())
        pem, encoding = folder / f"{who}.pem", serialization.Encoding.PEM
        pem.write_bytes(
            made[who].public_bytes(encoding)
            + keys[who].private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
    return folder / "ca.pem", folder / "server.pem", folder / "client.pem"


def heard(context, plain):
    """What an order is answered with; nothing where the connection does not come about."""
    try:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(VT + order() + END)
            return answer(secure)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_under_tls_only_a_client_with_a_certificate_is_heard(small_ris, tmp_path):
    ca, server, client = certificates(tmp_path)
    tls = {"tls_certificate_file": server, "tls_client_ca_file": ca}
    context = ssl.create_default_context(cafile=ca)
    with listening(small_ris.taking, **tls) as at:
        with connect(at["port"]) as plain:
            assert heard(context, plain) == b""
        context.load_cert_chain(client)
        with connect(at["port"]) as plain, context.wrap_socket(plain, server_hostname="localhost") as known:
            known.sendall(VT + order() + END)
            assert code(answer(known)) == "AA"
    assert len(small_ris.messages) == 1


def test_certificates_that_do_not_fit_are_said_at_the_start(small_ris, tmp_path):
    for settings in ({"tls_certificate_file": tmp_path / "none"}, {"tls_client_ca_file": tmp_path / "none"}):
        with pytest.raises(ConfigurationError, match=r"service\.hl7\.tls"):
            MllpListener(HL7Settings(**settings), ("127.0.0.1", 0), small_ris.taking)
