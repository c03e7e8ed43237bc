"""An image comes from an archive; results go back there, to the RIS and to the EHR, and are taken back everywhere."""

import json
import time
from pathlib import Path

import httpx2
import pytest
from pydicom import dcmread
from service.running import Running

from fhir_peer import TOKEN, running_peer
from hl7_peers import Receiver
from orthanc import running_orthanc

FILM = Path(__file__).parents[3] / "src/wetread/demo_studies/film-00003940.dcm"
SETTINGS = """
default_readers = ["embedded"]
log_level = "warning"
[service.completeness]
quiet_s = 1.0
closed_quiet_s = 0.3
[service.listener]
min_free_bytes = 0
[service.flow]
heartbeat_s = 0.5
retry_first_s = 0.3
[service.destinations.pacs]
kind = "dicom"
host = "127.0.0.1"
port = {archive}
ae_title = "ORTHANC"
objects = ["sr", "ko", "gsps", "sc", "pdf"]
commitment = true
[service.destinations.ris]
kind = "hl7"
host = "127.0.0.1"
port = {ris}
[service.destinations.ehr]
kind = "fhir"
url = "{ehr}"
token_env = "EHR_TOKEN"
"""


class Person:
    """A radiologist in a session."""

    def __init__(self, running: Running) -> None:
        running.ask("user", "add", "eve", "--role", "radiologist", "--password-stdin", given="a long password\n")
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{running.http}/api/v1", trust_env=False, timeout=30)
        answer = self.http.post("/login", json={"login": "eve", "password": "a long password"})
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf"]

    def get(self, path: str):
        return self.http.get(path).raise_for_status().json()

    def post(self, path: str, **body):
        answer = self.http.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def delivered(self, study_id: str, report_id: str, *, within_s: float = 60) -> dict[str, dict]:
        """The deliveries of a report by destination, once all have arrived."""
        until, rows = time.monotonic() + within_s, []
        while time.monotonic() < until:
            rows = [row for row in self.get(f"/studies/{study_id}/deliveries") if row["report_id"] == report_id]
            if rows and all(row["state"] == "delivered" for row in rows):
                return {row["destination"]: row for row in rows}
            time.sleep(0.3)
        raise AssertionError(json.dumps(rows, indent=1))


def modalities(orthanc, study_uid: str) -> dict[str, int]:
    """How many objects of each modality the archive shows in the study, through DICOMweb."""
    found = orthanc.http.get(f"/dicom-web/studies/{study_uid}/instances", headers={"Accept": "application/dicom+json"})
    counts: dict[str, int] = {}
    for one in found.json():
        modality = one["00080060"]["Value"][0]
        counts[modality] = counts.get(modality, 0) + 1
    return counts


def statuses(ris: Receiver) -> list[str]:
    """OBR-25 of every message that the RIS was sent."""
    return [str(message.segment("OBR")[25]) for message in ris.messages()]


def counts(ehr) -> dict[str, int]:
    """How many resources of each kind the EHR holds."""
    kinds = ("DiagnosticReport", "Observation", "Patient", "ImagingStudy", "Device", "Provenance", "Task")
    return {kind: len(ehr.all(kind)) for kind in kinds}


def told(ehr, kind: str) -> set[str]:
    """The statuses of the EHR's resources of a kind."""
    return {one["status"] for one in ehr.all(kind)}


@pytest.fixture
def ris():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def ehr(monkeypatch):
    monkeypatch.setenv("EHR_TOKEN", TOKEN)
    with running_peer() as peer:
        yield peer


@pytest.fixture
def place(tmp_path, ris, ehr):
    archive = tmp_path / "archive"
    archive.mkdir()
    with running_orthanc(archive) as orthanc:
        settings = SETTINGS.format(archive=orthanc.dicom_port, ris=ris.port, ehr=ehr.url)
        with Running(tmp_path / "site", "", settings=settings) as running:
            orthanc.knows("WETREAD", running.dicom)
            yield orthanc, running


def test_results_go_back_where_the_image_came_from_and_are_taken_back_everywhere(place, ris, ehr):
    orthanc, running = place
    person, study_uid = Person(running), dcmread(FILM, stop_before_pixels=True).StudyInstanceUID
    image = orthanc.http.post("/instances", content=FILM.read_bytes()).json()["ID"]
    orthanc.http.post("/modalities/wetread/store", content=image).raise_for_status()
    rows = running.wait_for(lambda rows: rows and rows[0]["status"] == "reported", within_s=60)
    study_id = rows[0]["study_id"]
    report = person.get(f"/studies/{study_id}/report")
    receipts = person.delivered(study_id, report["report_id"])
    assert set(receipts) == {"pacs", "ris", "ehr"}

    shown = modalities(orthanc, study_uid)
    assert {"SR": 1, "KO": 1, "OT": 1, "DOC": 1}.items() <= shown.items()
    assert statuses(ris) == ["P"]
    assert told(ehr, "DiagnosticReport") == {"preliminary"}
    counted = counts(ehr)

    for destination in receipts:  # once more: nothing is made twice
        person.post(f"/studies/{study_id}/deliveries", destination=destination)
    person.delivered(study_id, report["report_id"])
    assert modalities(orthanc, study_uid) == shown
    assert counts(ehr) == counted

    for finding_id in report["undecided"]:
        person.post(f"/findings/{finding_id}/decisions", decision="reject")
    said = {"report_id": report["report_id"], "text": "No acute disease by my reading."}
    final = person.post(f"/studies/{study_id}/report/sign", **said)
    person.delivered(study_id, final["report_id"])
    assert modalities(orthanc, study_uid)["SR"] == 2
    assert statuses(ris)[-1] == "F"
    assert told(ehr, "DiagnosticReport") == {"final"}
    assert len(ehr.all("DiagnosticReport")) == 1

    gone = person.post(f"/studies/{study_id}/report/withdraw", report_id=final["report_id"], reason="wrong patient")
    person.delivered(study_id, gone["report_id"])
    assert modalities(orthanc, study_uid)["SR"] == 3
    assert statuses(ris)[-1] == "C"
    assert b"wrong patient" in ris.received[-1]
    assert told(ehr, "DiagnosticReport") == {"entered-in-error"}
    assert told(ehr, "Observation") <= {"entered-in-error"}

    orthanc.http.post("/modalities/wetread/store", content=orthanc.http.get("/studies").json()[0]).raise_for_status()
    time.sleep(3)  # our own objects come back from the archive with the image
    assert running.rows()[0]["status"] == "held"
    assert len(person.get(f"/studies/{study_id}/deliveries")) == 9
