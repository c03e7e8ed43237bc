"""Whatever a FHIR server answers, a report is taken whole, tried again, or given up for a reason without a name."""

import asyncio
import dataclasses
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reported import MADE_AT, report_of, studies_of
from wetread.delivery.fhir.answers import why
from wetread.delivery.fhir_server import FhirServer
from wetread.delivery.tools import Tools
from wetread.domain.report import Report
from wetread.domain.study import Patient
from wetread.errors import DeliveryFailed
from wetread.reporting import render
from wetread.settings import DestinationSettings
from wetread.testing import phantoms
from wetread.testing.clock import TurnableClock

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"severity": "information", "code": "informational", "diagnostics": "all is well"},
        {
            "severity": "error",
            "code": "duplicate",
            "diagnostics": "Doe^Archie (77654033) of 1954-01-01 is there\x1b twice",
        },
    ],
}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    (study,) = studies_of(phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("answers") / "chest.dcm"))
    patient = Patient(patient_id="77654033", name="Doe^Archie", birth_date="1954-01-01")
    return report_of(dataclasses.replace(study, patient=patient))


@contextmanager
def answering(status: int, body: bytes | None = None, *, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A server that gives one answer to all; without a body it says that it took every entry."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
            entries = [
                {"response": {"status": "200 OK", "location": "DiagnosticReport/7/_history/2"}} for _ in sent["entry"]
            ]
            told = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
            self.tell(json.dumps(told).encode() if body is None else body)

        def do_GET(self) -> None:
            self.tell(body or b"{}")

        def tell(self, content: bytes) -> None:
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/fhir"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def server_at(url: str, **facts: object) -> FhirServer:
    own = DestinationSettings(kind="fhir", url=url, **{"timeout_s": 5, **facts})
    return FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT)))


def failure(url: str, report: Report, **facts: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        asyncio.run(server_at(url, **facts).deliver(report))
    return failed.value


def test_all_entries_taken_is_a_receipt_with_the_reports_place(report):
    with answering(200) as url:
        assert asyncio.run(server_at(url).deliver(report)).reference == "DiagnosticReport/7"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 422, 501])
def test_a_refusal_for_good_stops_at_once_with_the_servers_reason(report, status):
    with answering(status, json.dumps(OUTCOME).encode()) as url:
        problem = failure(url, report)
    assert problem.retry is False
    assert str(status) in str(problem)
    assert "duplicate" in str(problem)


@pytest.mark.parametrize("status", [408, 409, 412, 425, 429, 500, 502, 503, 504])
def test_a_refusal_for_now_is_tried_again(report, status):
    with answering(status, b"<html>busy</html>") as url:
        assert failure(url, report).retry is True


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_redirect_is_not_followed(report, status):
    with answering(200) as elsewhere, answering(status, b"", headers={"location": elsewhere}) as url:
        problem = failure(url, report)
    assert problem.retry is False
    assert "set url to where it leads" in str(problem)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"resourceType": "Bundle"}',
        b'{"resourceType": "Bundle", "entry": 7}',
        b'{"resourceType": "Bundle", "entry": [{"response": {"status": "200"}}]}',
        b'{"resourceType": "OperationOutcome", "issue": [3, {"details": 4, "diagnostics": {}}]}',
    ],
)
def test_an_answer_that_proves_nothing_is_no_receipt(report, body):
    with answering(200, body) as url:
        assert failure(url, report).retry is True


@pytest.mark.parametrize(("status", "retry"), [("400 Bad Request", False), ("409", True), ("", True), ("20", True)])
def test_one_entry_that_was_not_taken_is_a_failure_of_all(report, status, retry):
    sent = len(json.loads(asyncio.run(_bundle(report)))["entry"])
    entries = [{"response": {"status": "200"}}] * (sent - 1) + [{"response": {"status": status, "outcome": OUTCOME}}]
    body = json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}).encode()
    with answering(200, body) as url:
        problem = failure(url, report)
    assert problem.retry is retry


async def _bundle(report: Report) -> bytes:
    return server_at("http://127.0.0.1:1/fhir")._bundle(report)[0]


def test_the_servers_reason_is_told_without_the_patient(report):
    told = why(OUTCOME, report)
    assert told == "duplicate […]^[…] ([…]) of […] is there  twice"


def test_a_reason_without_end_is_cut(report):
    endless = {"issue": [{"severity": "error", "code": "x", "diagnostics": "y" * 100_000}]}
    assert len(why(endless, report)) == 300


def test_an_answer_without_end_is_no_receipt(report, monkeypatch):
    monkeypatch.setattr("wetread.delivery.fhir.wire.LONGEST_ANSWER_BYTES", 1000)
    with answering(200, b" " * 5000) as url:
        assert failure(url, report).retry is True


def test_nobody_at_home_is_tried_again(report):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert failure(f"http://127.0.0.1:{nobody.getsockname()[1]}/fhir", report).retry is True


def test_a_server_that_falls_silent_is_given_up_for_now(report):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        problem = failure(f"http://127.0.0.1:{silent.getsockname()[1]}/fhir", report, timeout_s=0.3)
    assert problem.retry is True
    assert "silent" in str(problem)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("body", [b"{}", b"no", b'{"resourceType": "Bundle", "entry": [{"resource": 5}]}'])
def test_a_search_that_tells_nothing_is_no_receipt(report, body):
    with answering(200, body) as url:
        assert asyncio.run(server_at(url).receipt_of(report)) is None


def test_a_report_of_another_number_is_no_receipt(report):
    other = {
        "resourceType": "DiagnosticReport",
        "id": "7",
        "identifier": [{"system": "urn:wetread:report", "value": "x"}],
    }
    body = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": other}]}).encode()
    with answering(200, body) as url:
        assert asyncio.run(server_at(url).receipt_of(report)) is None
