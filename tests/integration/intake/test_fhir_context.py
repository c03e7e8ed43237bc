"""What a FHIR server knows of the patient joins the order; what it does wrong stops no read and is never believed."""

import asyncio
import base64
import dataclasses
import json
import logging
import os
import random
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fhir_peer import TOKEN, running_peer
from reported import MADE_AT, report_of, studies_of
from wetread.delivery.fhir_server import FhirServer
from wetread.delivery.tools import Tools
from wetread.domain.order import Laboratory, Order, PriorReport
from wetread.domain.study import Patient, Study
from wetread.errors import ConfigurationError
from wetread.intake.ehr import Gathered, open_context, with_context
from wetread.reporting import render
from wetread.settings import DestinationSettings
from wetread.settings.delivery import ContextSettings
from wetread.testing import phantoms
from wetread.testing.clock import TurnableClock
from wetread.worklist.context import in_context

TODAY = date(2026, 3, 4)
SYSTEM = "urn:oid:1.2.3.4"
STUDY = Study(
    ref="st-1",
    study_uid="1.2.3",
    series=(),
    study_date="2026-03-04",
    accession_number="ACC-1",
    patient=Patient(patient_id="P-1", birth_date="1961-02-03", sex="F"),
)
FINAL = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Chest"}}
RADIOLOGY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}


@pytest.fixture(scope="module")
def peer():
    with running_peer() as running:
        yield running


@pytest.fixture
def empty(peer, monkeypatch):
    peer.forget()
    monkeypatch.setenv("FHIR_TOKEN", TOKEN)
    return peer


def patient(peer, **facts) -> dict:
    told = {"identifier": [{"system": SYSTEM, "value": "P-1"}], "birthDate": "1961-02-03", "gender": "female", **facts}
    return {"reference": f"Patient/{peer.ask('POST', 'Patient', {'resourceType': 'Patient', **told})['id']}"}


def fetch(url: str, study: Study = STUDY, **facts) -> Gathered:
    settings = ContextSettings(url=url, **{"timeout_s": 10, "patient_system": SYSTEM, **facts})
    return asyncio.run(open_context(settings).fetch(study, today=TODAY))


def known(peer, study: Study = STUDY, **facts) -> Gathered:
    return fetch(peer.url, study, token_env="FHIR_TOKEN", **facts)


def condition(subject: dict, text: str, *, status: str = "active", **facts) -> dict:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    clinical = {"coding": [{"system": system, "code": status}]}
    return {
        "resourceType": "Condition",
        "clinicalStatus": clinical,
        "code": {"text": text},
        "subject": subject,
        **facts,
    }


def value(subject: dict, name: str, number: float, day: str, *, unit: str = "mg/L", **facts) -> dict:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": system, "code": "laboratory"}]}],
        "code": {"text": name},
        "subject": subject,
        "effectiveDateTime": day,
        "valueQuantity": {"value": number, "unit": unit},
        **facts,
    }


def medicine(subject: dict, kind: str, name: str, **facts) -> dict:
    more = {"intent": "order"} if kind == "MedicationRequest" else {}
    return {
        "resourceType": kind,
        "status": "active",
        "medicationCodeableConcept": {"text": name},
        "subject": subject,
        **more,
        **facts,
    }


def earlier(subject: dict, conclusion: str | None, day: str, **facts) -> dict:
    said = {} if conclusion is None else {"conclusion": conclusion}
    return {**FINAL, "category": [RADIOLOGY], "subject": subject, "effectiveDateTime": day, **said, **facts}


def put(peer, *resources: dict) -> None:
    for resource in resources:
        peer.ask("POST", resource["resourceType"], resource)


def test_conditions_values_medication_and_reports_join_the_order(empty):
    own = patient(empty)
    high = [{"coding": [{"code": "H"}]}]
    text = base64.b64encode(b"Line one.\r\nLine two.").decode()
    put(
        empty,
        condition(own, "COPD", recordedDate="2020-01-01"),
        condition(own, "Pneumonia", status="resolved"),
        value(own, "CRP", 5.2, "2026-03-01"),
        value(own, "CRP", 112.5, "2026-03-03", interpretation=high),
        value(own, "Lipase", 30, "2019-01-01"),
        value(own, "Potassium", 4, "2026-03-03", unit="mmol/L", status="entered-in-error"),
        medicine(own, "MedicationStatement", "Apixaban 5 mg"),
        medicine(own, "MedicationRequest", "Prednisolone", dosageInstruction=[{"text": "20 mg once a day"}]),
        medicine(own, "MedicationRequest", "Ibuprofen", status="stopped"),
        earlier(own, "No change.", "2025-12-01"),
        earlier(own, "Old.", "2015-12-01"),
        earlier(own, "Draft.", "2026-03-01", status="preliminary"),
        earlier(own, None, "2026-01-02", presentedForm=[{"contentType": "text/plain", "data": text}]),
    )
    told = known(empty)
    assert told.problems == ()
    assert told.history == ("COPD", "medication: Apixaban 5 mg", "medication: Prednisolone, 20 mg once a day")
    assert told.laboratory == (Laboratory(name="CRP", value="112.5", unit="mg/L", flag="H"),)
    assert told.priors == (
        PriorReport(date="2026-01-02", text="Line one.\nLine two."),
        PriorReport(date="2025-12-01", text="No change."),
    )


def test_what_the_order_says_itself_stays_and_comes_first():
    order = Order(history=("copd",), laboratory=(Laboratory(name="CRP", value="1"),), sex="F")
    told = Gathered(
        history=("COPD", "asthma"),
        laboratory=(Laboratory(name="crp", value="2"), Laboratory(name="Na", value="140")),
        priors=(PriorReport(date=None, text="x"),),
        sex="M",
        age_years=3.0,
    )
    merged = with_context(order, told)
    assert merged.history == ("copd", "asthma")
    assert [one.value for one in merged.laboratory] == ["1", "140"]
    assert (merged.sex, merged.age_years) == ("F", 3.0)
    assert with_context(merged, told) == merged


def test_no_more_is_taken_than_is_wanted_and_that_is_the_newest(empty):
    own = patient(empty)
    put(empty, *(value(own, f"V{n:02d}", n, f"2026-02-{n + 1:02d}") for n in range(20)))
    put(empty, *(condition(own, f"C{n:02d}", recordedDate=f"2025-01-{n + 1:02d}") for n in range(20)))
    told = known(empty, most=3)
    assert [one.name for one in told.laboratory] == ["V19", "V18", "V17"]
    assert told.history == ("C19", "C18", "C17")


def test_our_own_reports_are_never_taken_for_a_humans(empty, tmp_path):
    """A read that learnt what an earlier read said would only agree with itself."""
    own_file = phantoms.write(phantoms.radiograph(), tmp_path / "chest.dcm")
    (study,) = studies_of(own_file)
    report = report_of(dataclasses.replace(study, patient=STUDY.patient, study_date="2026-03-01"))
    own = DestinationSettings(kind="fhir", url=empty.url, token_env="FHIR_TOKEN", patient_system=SYSTEM)
    asyncio.run(FhirServer.configured("ehr", own, Tools(render=render, clock=TurnableClock(MADE_AT))).deliver(report))
    subject = {"reference": f"Patient/{empty.all('Patient')[0]['id']}"}
    mark = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}
    put(
        empty,
        earlier(subject, "Another AI's.", "2026-02-01", meta={"security": [mark]}),
        earlier(subject, "This very study.", "2026-03-04", identifier=[{"value": "ACC-1"}]),
        earlier(subject, "A human's.", "2026-02-02"),
    )
    assert [prior.text for prior in known(empty).priors] == ["A human's."]


def test_an_old_study_is_not_told_what_came_after_it(empty):
    own = patient(empty)
    put(empty, earlier(own, "Before.", "2023-12-24"), earlier(own, "After.", "2024-06-01"))
    told = known(empty, dataclasses.replace(STUDY, study_date="2024-01-02"))
    assert [prior.text for prior in told.priors] == ["Before."]


@pytest.mark.parametrize(
    ("facts", "study", "settings", "what"),
    [
        ({"birthDate": "1999-09-09"}, STUDY, {}, "born on another day"),
        ({}, dataclasses.replace(STUDY, patient=Patient(patient_id="P-2")), {}, "no record"),
        ({}, dataclasses.replace(STUDY, patient=Patient()), {}, "no patient number"),
        (
            {},
            dataclasses.replace(STUDY, patient=Patient(patient_id="P-1")),
            {"patient_system": None},
            "set patient_system",
        ),
        ({}, STUDY, {"patient_system": "urn:oid:9"}, "no record"),
    ],
)
def test_nothing_is_taken_of_a_patient_who_may_be_another(empty, facts, study, settings, what):
    put(empty, condition(patient(empty, **facts), "COPD"))
    told = known(empty, study, **settings)
    assert told.history == ()
    assert what in told.problems[0]


def test_without_a_system_number_and_birth_date_must_both_fit(empty):
    put(empty, condition(patient(empty), "COPD"))
    assert known(empty, patient_system=None).history == ("COPD",)
    patient(empty, identifier=[{"system": "urn:oid:5", "value": "P-1"}])
    told = known(empty, patient_system=None)
    assert told.history == ()
    assert "several records" in told.problems[0]


def test_sex_and_age_come_from_the_record_only_where_the_images_have_none(empty):
    patient(empty)
    assert (known(empty).sex, known(empty).age_years) == (None, None)
    nameless = dataclasses.replace(STUDY, patient=Patient(patient_id="P-1"))
    told = known(empty, nameless)
    assert (told.sex, told.age_years) == ("F", 65.1)


def test_records_of_real_size_are_read(empty, shared):
    """Synthea's bundles: whatever the server takes of them, the context names what it names."""
    files = sorted((shared / "messages/fhir").glob("synthea_r4_imaging_*.json"))
    assert len(files) >= 12
    taken = 0
    for file in files if os.environ.get("WETREAD_MEASURE") == "full" else files[:5]:
        bundle = json.loads(file.read_bytes())
        empty.ask("POST", "", bundle)
        told = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        number = next(i for i in told["identifier"] if i.get("system") and i.get("value"))
        study = dataclasses.replace(STUDY, patient=Patient(patient_id=number["value"], birth_date=told["birthDate"]))
        gathered = known(empty, study, patient_system=number["system"], look_back_days=36_500)
        assert gathered.problems == ()
        active = {
            e["resource"]["code"]["text"]
            for e in bundle["entry"]
            if e["resource"]["resourceType"] == "Condition"
            and e["resource"]["clinicalStatus"]["coding"][0]["code"] == "active"
        }
        assert set(gathered.history) >= active
        taken += len(gathered.history)
    assert taken > 0


class Odd:
    """A server that answers as it is told, to each path."""

    def __init__(self, answer) -> None:
        odd = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                odd.asked.append(self.path)
                status, content = answer(self.path)
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/fhir"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "Odd":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


OWN = {"reference": "Patient/7"}
PATIENT = {"resourceType": "Patient", "id": "7", "birthDate": "1961-02-03"}


def searchset(*resources: dict, **more) -> bytes:
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}
    ).encode()


def after_patient(then):
    return lambda path: (200, searchset(PATIENT)) if "/Patient?" in path else then(path)


@pytest.mark.parametrize(
    "then",
    [
        lambda _: (500, b""),
        lambda _: (401, b"{}"),
        lambda _: (302, b""),
        lambda _: (200, b"<html>"),
        lambda _: (200, b"[1, 2]"),
        lambda _: (200, b"[" * 100_000),
        lambda _: (200, b'{"resourceType": "Bundle", "entry": [NaN]}'),
        lambda _: (200, b'{"resourceType": "OperationOutcome"}'),
        lambda _: (200, b"\xff\xfe\x00"),
    ],
)
def test_a_server_that_answers_wrongly_leaves_the_order_as_it_is(then, caplog):
    order = Order(clinical_question="?")
    with Odd(after_patient(then)) as odd, caplog.at_level(logging.INFO):
        context = open_context(ContextSettings(url=odd.url, patient_system=SYSTEM))
        assert asyncio.run(in_context(context, STUDY, order, today=TODAY)) == order
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("wetread"))
    assert "context is not complete" in told
    assert "P-1" not in told
    assert "1961" not in told


def test_one_kind_that_fails_leaves_the_others():
    def then(path):
        return (
            (500, b"")
            if "/Observation?" in path
            else (200, searchset(*([condition(OWN, "COPD")] if "/Condition?" in path else [])))
        )

    with Odd(after_patient(then)) as odd:
        told = fetch(odd.url)
    assert told.history == ("COPD",)
    assert told.problems == ("Observation: it answers 500",)


def test_what_a_server_gives_of_another_patient_is_left_out():
    mine, other = condition(OWN, "COPD"), condition({"reference": "Patient/77"}, "Diabetes")
    with Odd(after_patient(lambda path: (200, searchset(*([mine, other] if "/Condition?" in path else []))))) as odd:
        told = fetch(odd.url)
    assert told.history == ("COPD",)
    assert told.problems == ("Condition: 1 are not said to be of this patient and were left out",)


def test_pages_without_end_are_not_followed_without_end():
    def then(path):
        page = int(path.rpartition("page=")[2]) if "page=" in path else 0
        link = [{"relation": "next", "url": f"/fhir/Condition?page={page + 1}"}]
        told = [condition(OWN, f"C{page}")] if "/Condition?" in path else []
        return 200, searchset(*told, link=link if told else [])

    with Odd(after_patient(then)) as odd:
        told = fetch(odd.url)
        assert sum("/Condition?" in path for path in odd.asked) == 4
    assert told.history == ("C0", "C1", "C2", "C3")


def test_a_next_page_elsewhere_is_not_asked_for():
    with Odd(lambda _: (200, searchset())) as elsewhere:
        link = [{"relation": "next", "url": f"{elsewhere.url}/Condition?page=2"}]
        with Odd(after_patient(lambda _: (200, searchset(link=link)))) as odd:
            fetch(odd.url)
        assert elsewhere.asked == []


def test_a_slow_server_costs_no_more_than_the_time_it_is_given():
    def then(path):
        if "/Observation?" in path:
            time.sleep(1.5)
        return 200, searchset(*([condition(OWN, "COPD")] if "/Condition?" in path else []))

    with Odd(after_patient(then)) as odd:
        told = fetch(odd.url, timeout_s=0.7)
    assert told.history == ("COPD",)
    assert told.problems in {("Observation: no answer within 0.7 s",), ("Observation: it fell silent",)}


def test_nobody_at_home_is_said_and_nothing_is_gathered():
    told = fetch("http://127.0.0.1:1/fhir")
    assert told.history == ()
    assert "can't be asked" in told.problems[0]


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr("wetread.intake.ehr.client.LONGEST_PAGE_BYTES", 1000)
    with Odd(after_patient(lambda _: (200, b" " * 5000))) as odd:
        assert "longer than" in fetch(odd.url).problems[0]


def test_garbage_of_any_form_is_left_out():
    """Every value of good resources is replaced by every kind of wrong one in turn."""
    good = [
        condition(OWN, "COPD", verificationStatus={"coding": [{"code": "confirmed"}]}),
        value(OWN, "CRP", 1, "2026-03-01", interpretation=[{"coding": [{"code": "H"}]}]),
        medicine(OWN, "MedicationRequest", "X", dosageInstruction=[{"text": "y"}]),
        earlier(
            OWN,
            "Z",
            "2026-03-01",
            identifier=[{"value": "1"}],
            presentedForm=[{"contentType": "text/plain", "data": "eA=="}],
        ),
        earlier(OWN, None, "2026-03-01", text={"status": "generated", "div": "<div><p>a&lt;b</p></div>"}),
    ]
    wrong, chance = (
        [None, 7, -1.5, "\x00\ud800", [], {}, [[]], [None], True, {"coding": 5}, "x" * 100_000],
        random.Random(7),
    )
    bad = [spoilt for one in good for _ in range(60) for spoilt in [_spoilt(one, wrong, chance)]]
    sent = {
        kind: [r for r in bad if r.get("resourceType") == kind]
        for kind in ("Condition", "Observation", "MedicationRequest", "DiagnosticReport")
    }
    with Odd(after_patient(lambda p: (200, searchset(*sent.get(p.split("/fhir/")[1].partition("?")[0], []))))) as odd:
        told = fetch(odd.url, most=200)
    assert all(isinstance(line, str) and 0 < len(line) <= 700 for line in told.history)
    assert all(len(prior.text) <= 8000 for prior in told.priors)


def _spoilt(resource: dict, wrong: list, chance: random.Random) -> dict:
    copy = json.loads(json.dumps(resource))
    part = copy
    while True:
        key = chance.choice(list(part) if isinstance(part, dict) else range(len(part)))
        if key in ("resourceType", "subject"):
            continue
        if isinstance(part[key], dict | list) and part[key] and chance.random() < 0.7:
            part = part[key]
            continue
        part[key] = chance.choice(wrong)
        return copy


def test_a_narrative_gives_its_words_without_its_marks():
    told = earlier(OWN, None, "2026-03-01", text={"div": "<div><p>a &lt; b</p><script>x()</script><p>c</p></div>"})
    with Odd(after_patient(lambda p: (200, searchset(*([told] if "/DiagnosticReport?" in p else []))))) as odd:
        assert "a < b" in fetch(odd.url).priors[0].text


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://ehr.example/fhir", "only sent over https"),
        ("ftp://x", "starts with https"),
        ("https://u:p@x/", "password"),
    ],
)
def test_settings_that_cannot_work_name_their_key(url, what):
    with pytest.raises(ConfigurationError, match=what):
        open_context(ContextSettings(url=url))


def test_without_a_record_the_order_is_as_it_was():
    assert asyncio.run(in_context(None, STUDY, Order(), today=TODAY)) == Order()
