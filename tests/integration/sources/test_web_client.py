"""Servers that misbehave: what they send is bounded, named, and what came whole is never asked for twice."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wetread.errors import ConfigurationError, SourceUnavailable
from wetread.intake.sources.dicomweb import DicomwebServer
from wetread.intake.sources.look import Surroundings
from wetread.intake.sources.memory import Memory
from wetread.intake.sources.web_client import WebClient
from wetread.intake.spool import Spool, objects_in

STUDIES = [{"0020000D": {"vr": "UI", "Value": ["1.2"]}, "00201208": {"vr": "IS", "Value": [3]}}]
MULTIPART = 'multipart/related; type="application/dicom"; boundary=b'


def part10(uid: str) -> bytes:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    element = b"\x02\0\x03\0UI" + len(value).to_bytes(2, "little") + value
    return b"\0" * 128 + b"DICM" + element + b"pixels of " + uid.encode()


def instances(*uids: str) -> list:
    return [{"0020000E": {"vr": "UI", "Value": ["1.2.3"]}, "00080018": {"vr": "UI", "Value": [uid]}} for uid in uids]


def multipart(*bodies: bytes) -> bytes:
    return b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n" for body in bodies) + b"--b--"


class Server:
    """Answers by path: (status, content type, body) or a body alone."""

    def __init__(self) -> None:
        self.answers = {"/studies": STUDIES, "/studies/1.2/instances": instances("1.2.3.1", "1.2.3.2", "1.2.3.3")}
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                outer.asked.append(path)
                outer.tokens.add(self.headers.get("authorization"))
                outer.answer(self, path)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, handler, path):
        found = self.answers.get(path, (404, "text/plain", b"no"))
        if not isinstance(found, tuple):
            found = (200, "application/dicom+json", json.dumps(found).encode())
        status, kind, body, *declared = found
        handler.send_response(status)
        handler.send_header("content-type" if status < 300 or status >= 400 else "location", kind)
        handler.send_header("content-length", str(declared[0] if declared else len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def server():
    found = Server()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def around(tmp_path):
    memory = Memory(tmp_path / "state.sqlite")
    yield Surroundings(spool=Spool(tmp_path / "spool"), memory=memory, now=lambda: datetime.now(UTC))
    memory.close()


def client(server, **more):
    return WebClient("s", server.url, **{"token_env": None, "timeout_s": 5, **more})


def look(server, around, **more):
    source = DicomwebServer("s", client(server), look_back_days=1, every_s=0.0, **more)
    return source.look(around)


def came(around):
    return sorted(path.read_bytes() for folder in around.spool.arrivals() for path in objects_in(folder))


@pytest.mark.parametrize("how", ["cut short", "connection lost"])
def test_an_answer_that_breaks_off_keeps_what_was_whole_and_fetches_the_rest_by_itself(server, around, how):
    objects = [part10(f"1.2.3.{n}") for n in (1, 2, 3)]
    whole = multipart(*objects)
    broken = whole[: whole.index(b"pixels of 1.2.3.3")]
    server.answers["/studies/1.2"] = (200, MULTIPART, broken, len(whole) if how == "connection lost" else len(broken))
    for n in (1, 2, 3):
        one = f"/studies/1.2/series/1.2.3/instances/1.2.3.{n}"
        server.answers[one] = (200, MULTIPART, multipart(objects[n - 1]))
    look(server, around)
    look(server, around)
    assert came(around) == sorted(objects)
    assert [path for path in server.asked if "/series/" in path] == ["/studies/1.2/series/1.2.3/instances/1.2.3.3"]
    server.asked.clear()
    look(server, around)
    assert server.asked == ["/studies"]


def test_a_single_object_without_multipart_is_taken(server, around):
    server.answers["/studies/1.2/instances"] = instances("1.2.3.1")
    server.answers["/studies/1.2/series/1.2.3/instances/1.2.3.1"] = (200, "application/dicom", part10("1.2.3.1"))
    assert look(server, around).taken == 1


def test_one_object_that_is_missing_there_does_not_hold_the_others_up(server, around):
    for n in (1, 3):
        path = f"/studies/1.2/series/1.2.3/instances/1.2.3.{n}"
        server.answers[path] = (200, MULTIPART, multipart(part10(f"1.2.3.{n}")))
    fetched = look(server, around)
    assert (fetched.taken, fetched.waiting, len(came(around))) == (2, 1, 2)


@pytest.mark.parametrize("uid", ["../../admin", "1.2/../../x", "", "1" * 65, "1.2?x=1"])
def test_an_identifier_that_is_none_never_becomes_part_of_an_address(server, around, uid):
    server.answers["/studies"] = [{"0020000D": {"vr": "UI", "Value": [uid]}}]
    look(server, around)
    assert server.asked == ["/studies"]


def test_a_redirect_to_another_host_is_refused_and_its_token_stays(server, monkeypatch):
    monkeypatch.setenv("SOURCE_TOKEN", "secret")
    other = Server()
    server.answers["/studies"] = (302, f"{other.url}/studies", b"")
    with pytest.raises(SourceUnavailable, match=r"redirects to http://127\.0\.0\.1"):
        client(server, token_env="SOURCE_TOKEN").listed("studies", {})
    assert (server.tokens, other.tokens) == ({"Bearer secret"}, set())
    other.server.shutdown()
    other.server.server_close()


def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever(server):
    server.answers["/studies"] = (301, "/elsewhere", b"")
    server.answers["/elsewhere"] = STUDIES
    assert client(server).listed("studies", {}) == STUDIES
    server.answers["/elsewhere"] = (301, "/studies", b"")
    with pytest.raises(SourceUnavailable, match="circle"):
        client(server).listed("studies", {})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, "text/plain", b""), "token_env"),
        ((403, "text/plain", b""), "right to read"),
        ((500, "text/plain", b"PATIENT DOE"), "answers 500"),
        ((200, "text/html", b"<html>log in</html>"), "no JSON"),
        ((200, "application/json", b'{"a": 1}'), "no list"),
        ((200, "application/json", b"[1]"), "no list"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_without_its_words(server, answer, said):
    server.answers["/studies"] = answer
    with pytest.raises(SourceUnavailable, match=said) as problem:
        client(server).listed("studies", {})
    assert "DOE" not in str(problem.value)


def test_an_endless_list_is_cut(server, monkeypatch):
    monkeypatch.setattr("wetread.intake.sources.web_client.LONGEST_LIST_BYTES", 1000)
    server.answers["/studies"] = STUDIES * 100
    with pytest.raises(SourceUnavailable, match="longer than"):
        client(server).listed("studies", {})


def test_a_server_that_knows_no_pages_ends(server, around, monkeypatch):
    monkeypatch.setattr("wetread.intake.sources.dicomweb.PAGE", 1)
    server.answers["/studies/1.2/instances"] = []
    look(server, around)
    assert server.asked.count("/studies") == 2


def test_a_web_page_in_place_of_objects_is_no_object(server, around):
    for path in ("/studies/1.2", *(f"/studies/1.2/series/1.2.3/instances/1.2.3.{n}" for n in (1, 2, 3))):
        server.answers[path] = (200, "text/html", b"<html>")
    assert "text/html instead of DICOM objects" in look(server, around).failures[0].problem
    assert came(around) == []


@pytest.mark.parametrize(
    ("url", "token_env", "said"),
    [
        ("http://pacs.example/dicom-web", "SOURCE_TOKEN", "only sent over https"),
        ("https://me:pw@pacs.example/", None, "token_env"),
        ("ftp://pacs.example/", None, "https://"),
        ("https://pacs.example/", "NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE"),
    ],
)
def test_an_address_that_would_give_a_secret_away_is_refused(url, token_env, said, monkeypatch):
    monkeypatch.setenv("SOURCE_TOKEN", "secret")
    with pytest.raises(ConfigurationError, match=said):
        WebClient("s", url, token_env=token_env, timeout_s=5)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    import ssl
    import subprocess

    key, certificate = tmp_path / "k.pem", tmp_path / "c.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run([*words, "-subj", "/CN=localhost", "-days", "1"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    with pytest.raises(SourceUnavailable, match=r"(?i)certificate"):
        WebClient("s", server.url.replace("http:", "https:"), token_env=None, timeout_s=5).listed("studies", {})
    server.server.shutdown()
    server.server.server_close()
