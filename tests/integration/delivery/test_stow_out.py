"""Objects of a report at a DICOMweb server: Orthanc, and one that answers as a test wants."""

import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pydicom
import pytest

from archive_peers import (
    ALL_KINDS,
    TOOLS,
    Certificates,
    delivered,
    demo_objects,
    demo_report,
    free_port,
)
from orthanc import running_orthanc
from wetread.delivery.dicomweb import DicomWeb
from wetread.errors import ConfigurationError, DeliveryFailed
from wetread.settings import DestinationSettings
from wetread.testing.destinations import check_destination


def server(url, **own):
    usual = {"kind": "dicomweb", "url": url, "timeout_s": 10}
    return DicomWeb.configured("archive", DestinationSettings.model_validate(usual | own), TOOLS)


def failure(destination):
    with pytest.raises(DeliveryFailed) as caught:
        delivered(destination)
    return caught.value


@contextmanager
def answering(status=200, body=b"{}", *, headers=(), context=None):
    """A server that gives one answer to all; yields its URL and the requests that came."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            came.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        running.socket = context.wrap_socket(running.socket, server_side=True)
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{running.server_address[1]}/dicom-web", came
    finally:
        running.shutdown()
        running.server_close()


def dicom_json(failed=(), stored=1, warning=None):
    told = {"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}} for _ in range(stored)]}}
    if warning is not None:
        told["00081199"]["Value"][0]["00081196"] = {"vr": "US", "Value": [warning]}
    if failed:
        told["00081198"] = {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [one]}} for one in failed]}
    return json.dumps(told).encode()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


def test_orthanc_keeps_every_object_as_it_was_made_and_a_re_send_makes_none_twice(orthanc):
    first = delivered(server(orthanc.web, objects=ALL_KINDS))
    once = orthanc.instances()
    assert delivered(server(orthanc.web, objects=ALL_KINDS)) == first
    made = {one.sop_instance_uid: one.data for one in demo_objects()}
    assert orthanc.instances() == once
    assert set(once) == set(made)
    assert {uid: orthanc.file(name) for uid, name in once.items()} == made
    assert "sr " in first.reference


def test_it_keeps_the_contract_of_destinations(orthanc):
    check_destination(server(orthanc.web, objects=ALL_KINDS), demo_report())


def test_the_objects_are_in_one_study_that_qido_finds(orthanc):
    delivered(server(orthanc.web))
    found = orthanc.http.get("/dicom-web/studies", params={"ModalitiesInStudy": "SR"}).json()
    sr = pydicom.dcmread(io.BytesIO(demo_objects(("sr",))[0].data))
    assert [one["0020000D"]["Value"] for one in found] == [[sr.StudyInstanceUID]]


@pytest.mark.parametrize(
    ("status", "body", "retry", "told"),
    [
        (202, dicom_json([0xA700]), True, "out of resources"),
        (202, dicom_json([0x0110, 0xC000]), False, "can't be understood"),
        (200, dicom_json([0xA900]), False, "does not fit its SOP class"),
        (409, dicom_json([0x0122, 0x0122], stored=0), False, "SOP class is not supported"),
        (409, dicom_json([0xA700], stored=0), True, "out of resources"),
        (409, b"<html>", False, "gives no reason"),
        (202, b"", True, "does not say which"),
        (401, b"", False, "token_env"),
        (403, b"", False, "right to store"),
        (404, b"", False, "DICOMweb root"),
        (400, b"", False, "refuses"),
        (413, b"", False, "larger requests"),
        (429, b"", True, "429"),
        (503, b"", True, "503"),
        (500, b"", True, "500"),
        (507, b"", True, "507"),
        (302, b"", False, "redirects"),
    ],
)
def test_what_a_server_answers_decides_whether_it_is_tried_again(status, body, retry, told):
    with answering(status, body, headers=[("retry-after", "7"), ("location", "http://elsewhere.invalid/")]) as (
        url,
        came,
    ):
        problem = failure(server(url))
    assert problem.retry is retry
    assert told in str(problem)
    assert "destination 'archive': 127.0.0.1" in str(problem)
    assert len(came) == 1


@pytest.mark.parametrize("body", [b"", b"not json", b"[" * 100_000, b"[]", b'{"00081198": 7}', b"x" * (2 << 20)])
def test_a_success_with_an_answer_that_cannot_be_read_is_a_success(body):
    with answering(200, body) as (url, _):
        assert delivered(server(url)).destination == "archive"


def test_a_warning_is_noted_in_the_receipt():
    with answering(200, dicom_json(warning=0xB000)) as (url, _):
        assert "stored with warning B000" in delivered(server(url)).reference


def test_one_request_holds_all_objects_and_is_the_same_each_time():
    with answering() as (url, came):
        delivered(server(url, objects=ALL_KINDS))
        delivered(server(url + "/", objects=ALL_KINDS))
    (path, headers, body), (again, *_, body_again) = came
    assert path == again == "/dicom-web/studies"
    assert body == body_again
    kind = headers["content-type"]
    assert kind.startswith('multipart/related; type="application/dicom"; boundary=')
    boundary = kind.rpartition("=")[2].encode()
    parts = body.split(b"--" + boundary)
    assert [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[1:-1]] == [
        one.data for one in demo_objects()
    ]


def test_the_token_goes_along_and_never_in_the_clear_to_another_host(monkeypatch):
    monkeypatch.setenv("STOW_TOKEN", "s3cret")
    with answering() as (url, came):
        delivered(server(url, token_env="STOW_TOKEN"))
    assert came[0][1]["authorization"] == "Bearer s3cret"
    with pytest.raises(ConfigurationError, match="only sent over https"):
        server("http://archive.example/dicom-web", token_env="STOW_TOKEN")
    with pytest.raises(ConfigurationError, match="holds no token"):
        server("https://archive.example/dicom-web", token_env="STOW_NOTHING")


def test_a_server_that_is_down_is_tried_again():
    assert failure(server(f"http://127.0.0.1:{free_port()}/")).retry


def test_over_tls_a_private_authority_is_trusted_where_it_is_named_and_clients_show_themselves(tmp_path):
    certificates = Certificates(tmp_path)
    shown = {"certificate_file": certificates.client[0], "key_file": certificates.client[1]}
    with answering(context=certificates.server_context(wants_client=True)) as (url, came):
        delivered(server(url, tls={"ca_file": certificates.ca, **shown}))
        assert len(came) == 1
        problem = failure(server(url, tls=shown))
    assert problem.retry is False
    assert "see tls.ca_file" in str(problem)


@pytest.mark.parametrize("url", [None, "ftp://x/", "https://user:pw@host/", "https://", "http://[::1"])
def test_a_url_that_cannot_work_is_named(url):
    with pytest.raises(ConfigurationError, match="url"):
        server(url)
