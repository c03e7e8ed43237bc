"""Reports reach an independent FHIR server once, change there as they change here, and arrive as they were written."""

import asyncio
import base64
import dataclasses
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest

from fhir_peer import DOCTOR, TOKEN, FhirPeer, after, running_peer, states_of
from reported import MADE_AT, report_of, studies_of
from wetread.delivery.fhir_server import FhirServer
from wetread.delivery.tools import Tools
from wetread.domain.order import Order
from wetread.domain.report import Report
from wetread.domain.study import Patient
from wetread.errors import ConfigurationError, DeliveryFailed, MissingExtra
from wetread.intake.ehr import open_context
from wetread.reporting import render
from wetread.settings import ContextSettings, DestinationSettings
from wetread.testing import phantoms
from wetread.testing.clock import TurnableClock
from wetread.testing.destinations import check_destination, some_report

KINDS = ("Patient", "ServiceRequest", "ImagingStudy", "Device", "Observation", "DiagnosticReport", "Provenance", "Task")
HOSTILE = 'O\'Brien & <b>Söhne</b>, "x|y"^太郎 张三$1,2'


@pytest.fixture(scope="module")
def peer():
    with running_peer() as running:
        yield running


@pytest.fixture
def empty(peer, monkeypatch) -> FhirPeer:
    peer.forget()
    monkeypatch.setenv("FHIR_TOKEN", TOKEN)
    return peer


@pytest.fixture(scope="module")
def preliminary(tmp_path_factory) -> Report:
    (study,) = studies_of(phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("fhir") / "chest.dcm"))
    patient = Patient(patient_id="P,1 $", name=HOSTILE, birth_date="1961-02-03", sex="F")
    study = dataclasses.replace(study, patient=patient, accession_number="A|1")
    return report_of(study, order=Order(accession_number="ACC 1"))


def server(peer: FhirPeer, **facts: object) -> FhirServer:
    own = DestinationSettings(kind="fhir", url=peer.url, **{"token_env": "FHIR_TOKEN", "timeout_s": 20, **facts})
    return FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT)))


def sent(destination: FhirServer, *reports: Report) -> list:
    return [asyncio.run(destination.deliver(report)) for report in reports]


def held(peer: FhirPeer) -> Counter:
    return Counter({kind: len(peer.all(kind)) for kind in KINDS})


def test_a_report_arrives_once_however_often_it_is_sent(empty, preliminary):
    first, second = sent(server(empty), preliminary, preliminary)
    assert first == second
    assert held(empty) == {
        "Patient": 1,
        "ServiceRequest": 1,
        "ImagingStudy": 1,
        "Device": 2,
        "Observation": 3,
        "DiagnosticReport": 1,
        "Provenance": 1,
        "Task": 1,
    }
    (report,) = empty.all("DiagnosticReport")
    assert first.reference == f"DiagnosticReport/{report['id']}"
    assert report["status"] == "preliminary"


def test_every_reference_of_what_arrived_leads_to_a_resource(empty, preliminary):
    sent(server(empty), preliminary)
    names = {f"{kind}/{one['id']}" for kind in KINDS for one in empty.all(kind)}

    def goals(part):
        if isinstance(part, dict):
            yield from [part["reference"]] if "reference" in part else []
            for one in part.values():
                yield from goals(one)
        elif isinstance(part, list):
            for one in part:
                yield from goals(one)

    told = {goal for kind in KINDS for one in empty.all(kind) for goal in goals(one)}
    assert told
    assert told <= names


def test_signature_addendum_and_withdrawal_change_the_same_report(empty, preliminary):
    states, destination = states_of(preliminary), server(empty)
    references, statuses, tasks = set(), [], []
    for name in ("preliminary", "final", "amended"):
        references.add(sent(destination, states[name])[0].reference)
        statuses.append(empty.all("DiagnosticReport")[0]["status"])
        tasks.append(empty.all("Task")[0]["status"])
    taken_back = after(states["amended"], states["withdrawn"])
    references.add(sent(destination, taken_back, taken_back)[0].reference)
    counts = held(empty)
    assert len(references) == counts["DiagnosticReport"] == counts["Task"] == counts["Patient"] == 1
    assert statuses == ["preliminary", "final", "amended"]
    assert tasks == ["requested", "completed", "completed"]
    (report,), (task,) = empty.all("DiagnosticReport"), empty.all("Task")
    assert (report["status"], task["status"]) == ("entered-in-error", "cancelled")
    assert {o["status"] for o in empty.all("Observation")} == {"entered-in-error"}
    assert counts["Observation"] == 4  # three of the preliminary report, one that the human added
    assert counts["Provenance"] == 4  # a line of history for each report, none twice
    history = empty.ask("GET", f"DiagnosticReport/{report['id']}/_history")
    assert len(history["entry"]) == 5


def test_words_arrive_as_they_were_written_and_inert(empty, preliminary):
    report = dataclasses.replace(preliminary, impression=HOSTILE)
    sent(server(empty), report, report)
    (patient,), (told,) = empty.all("Patient"), empty.all("DiagnosticReport")
    assert patient["identifier"][0]["value"] == "P,1 $"
    assert patient["name"][0]["family"] == 'O\'Brien & <b>Söhne</b>, "x|y"'
    assert patient["name"][0]["given"] == ["太郎 张三$1,2"]
    assert HOSTILE in told["conclusion"]
    div = ElementTree.fromstring(told["text"]["div"])
    assert not [
        e for e in div.iter() if e.tag.rpartition("}")[2] == "b" and e.text != told["conclusion"].split("\n")[0]
    ]
    assert "<b>Söhne</b>" in "".join(div.itertext())
    assert empty.all("ServiceRequest")[0]["identifier"][0]["value"] == "ACC 1"


def test_the_receipt_is_known_for_this_report_and_no_other(empty, preliminary):
    destination, states = server(empty), states_of(preliminary)
    assert asyncio.run(destination.receipt_of(preliminary)) is None
    (receipt,) = sent(destination, preliminary)
    assert asyncio.run(destination.receipt_of(preliminary)) == receipt
    assert asyncio.run(destination.receipt_of(states["final"])) is None
    sent(destination, states["final"])
    assert asyncio.run(destination.receipt_of(preliminary)) is None


def test_patients_of_another_system_are_never_met(empty, preliminary):
    """A hospital's patient of the same bare number stays who they are."""
    other = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:9.9", "value": "P,1 $"}],
        "name": [{"family": "Else"}],
    }
    empty.ask("POST", "Patient", other)
    sent(server(empty), preliminary)
    assert len(empty.all("Patient")) == 2
    ours = next(p for p in empty.all("Patient") if p["identifier"][0]["system"] != "urn:oid:9.9")
    assert empty.all("DiagnosticReport")[0]["subject"]["reference"] == f"Patient/{ours['id']}"


def test_a_known_patient_and_study_of_the_site_are_used_and_left_as_they_are(empty, preliminary):
    known = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:9.9", "value": "P,1 $"}],
        "name": [{"family": "Right"}],
    }
    patient = empty.ask("POST", "Patient", known)
    uid = {"system": "urn:dicom:uid", "value": f"urn:oid:{preliminary.study.study_uid}"}
    subject = {"reference": f"Patient/{patient['id']}"}
    pacs = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "identifier": [uid],
        "subject": subject,
        "description": "PACS",
    }
    study = empty.ask("POST", "ImagingStudy", pacs)
    sent(server(empty, patient_system="urn:oid:9.9"), preliminary)
    assert [p["name"][0]["family"] for p in empty.all("Patient")] == ["Right"]
    assert [s["description"] for s in empty.all("ImagingStudy")] == ["PACS"]
    assert empty.all("DiagnosticReport")[0]["imagingStudy"][0]["reference"] == f"ImagingStudy/{study['id']}"


def test_the_pdf_goes_along_where_it_is_wanted(empty, preliminary):
    sent(server(empty, with_pdf=True), preliminary)
    (form,) = empty.all("DiagnosticReport")[0]["presentedForm"]
    assert base64.b64decode(form["data"]).startswith(b"%PDF")


def test_our_series_are_listed_where_the_site_says_that_the_archive_has_them(empty, preliminary):
    sent(server(empty), preliminary)
    assert [s["modality"]["code"] for s in empty.all("ImagingStudy")[0]["series"]] == ["DX"]
    empty.forget()
    sent(server(empty, objects=("sr", "ko")), preliminary)
    assert [s["modality"]["code"] for s in empty.all("ImagingStudy")[0]["series"]] == ["DX", "SR", "KO"]


def test_a_wrong_token_is_a_lasting_refusal(empty, preliminary, monkeypatch):
    monkeypatch.setenv("FHIR_TOKEN", "other")
    with pytest.raises(DeliveryFailed, match=r"401.*token_env") as failed:
        sent(server(empty), preliminary)
    assert failed.value.retry is False


def test_what_its_validator_refuses_is_a_lasting_refusal_that_names_no_patient(empty, preliminary, monkeypatch):
    def spoilt(report, **more):
        from wetread.delivery.fhir.bundle import as_bundle

        bundle = as_bundle(report, **more)
        bundle["entry"][0]["resource"]["birthDate"] = "O'Brien, P,1 $"
        return bundle

    monkeypatch.setattr("wetread.delivery.fhir_server.as_bundle", spoilt)
    with pytest.raises(DeliveryFailed) as failed:
        sent(server(empty), preliminary)
    assert failed.value.retry is False
    assert "400" in str(failed.value)
    assert "O'Brien" not in str(failed.value)
    assert "P,1" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (None, "needs url"),
        ("http://ehr.example/fhir", "only sent over https"),
        ("ftp://ehr.example", "starts with https"),
        ("https://user:pw@ehr.example/fhir", "password"),
    ],
)
def test_settings_that_cannot_work_name_their_key(url, what):
    own = DestinationSettings(kind="fhir", url=url)
    with pytest.raises(ConfigurationError, match=what):
        FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT)))


def test_a_token_that_is_not_there_is_said_at_the_start(monkeypatch):
    monkeypatch.delenv("FHIR_TOKEN", raising=False)
    own = DestinationSettings(kind="fhir", url="https://ehr.example/fhir", token_env="FHIR_TOKEN")
    with pytest.raises(ConfigurationError, match="FHIR_TOKEN holds no token"):
        FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT)))


def test_the_doctor_is_named_by_the_signature_alone(empty, preliminary):
    sent(server(empty), preliminary)
    assert "performer" not in empty.all("DiagnosticReport")[0]
    sent(server(empty), states_of(preliminary)["final"])
    assert empty.all("DiagnosticReport")[0]["resultsInterpreter"][0]["display"] == DOCTOR


def test_it_keeps_the_contract_of_destinations(empty):
    check_destination(server(empty), some_report())
    assert len(empty.all("DiagnosticReport")) == 1


def test_without_its_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.delitem(sys.modules, "wetread.delivery.fhir.wire", raising=False)
    monkeypatch.delitem(sys.modules, "wetread.intake.ehr.client", raising=False)
    own = DestinationSettings(kind="fhir", url="https://ehr.example/fhir")
    with pytest.raises(MissingExtra, match=r"wetread\[server\]"):
        FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT)))
    with pytest.raises(MissingExtra, match=r"wetread\[server\]"):
        open_context(ContextSettings(url="https://ehr.example/fhir"))
