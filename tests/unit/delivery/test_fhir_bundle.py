"""The bundle: what each status says, whose mark each part bears, where each resource is found again."""

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fhir_peer import DOCTOR, accepted, added, after, states_of
from fhir_rules import broken
from reported import report_of, studies_of
from wetread.delivery.fhir import as_bundle, bundle_bytes
from wetread.delivery.fhir.parts import Place, words
from wetread.delivery.made import Kind, instance_uid, series_uid
from wetread.delivery.objects.tracking import tracked
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Finding, Laterality, Presence, Size
from wetread.domain.order import Order, OrderPriority, Procedure, Request
from wetread.domain.report import BANNER, Provenance, Report
from wetread.domain.review import signed
from wetread.domain.study import Patient
from wetread.testing import phantoms

GOLDEN = Path(__file__).parents[2] / "golden" / "fhir"
HOSTILE = "<script>alert('x')</script> & \"quoted\" ]]> \u202e山田^太郎 张三 \x00\x1b[31m \ud800 |^~\\&"
REQUEST = Request(
    accession_number="ACC-1",
    placer_number="PLC-1",
    filler_number="FIL-1",
    procedure=Procedure(text="XR Chest 2 Views", code="36643-5", system="LN"),
    reason="cough & <fever>",
    provider=("D1", "Curie", "Marie"),
    requested_at=datetime.fromisoformat("2026-03-04T05:00:00+01:00"),
)


@pytest.fixture(scope="module")
def preliminary(tmp_path_factory) -> Report:
    (study,) = studies_of(phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("fhir") / "chest.dcm"))
    patient = Patient(patient_id="P-1", name="Yamada^Tarou=山田^太郎=やまだ^たろう", birth_date="1961-02-03", sex="M")
    study = dataclasses.replace(study, ref="st-000000000000", patient=patient, study_date="2026-03-04")
    report = report_of(study, order=Order(priority=OrderPriority.STAT))
    return dataclasses.replace(report, report_id="wr-0123456789abcdef", request=REQUEST)


@pytest.fixture(scope="module")
def states(preliminary) -> dict[str, Report]:
    return states_of(preliminary)


def objects(report: Report) -> dict[Kind, tuple[str, str]]:
    return {
        kind: (series_uid(report.report_id, kind), instance_uid(report.report_id, kind)) for kind in (Kind.SR, Kind.KO)
    }


def of(bundle: dict, kind: str) -> list[dict]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def one(bundle: dict, kind: str) -> dict:
    (resource,) = of(bundle, kind)
    return resource


def findings(bundle: dict) -> dict[str, dict]:
    """The Observations by our own code, without the one of the urgency."""
    told = {o["code"]["coding"][0]["code"]: o for o in of(bundle, "Observation")}
    return {code: o for code, o in told.items() if code.startswith("wr:")}


def marks(resource: dict) -> set[str]:
    return {mark["code"] for mark in resource.get("meta", {}).get("security", [])}


STATES = (
    "preliminary", "unread", "read-after-unread", "final", "amended", "corrected", "withdrawn", "withdrawn-unsent",
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_bundle_of_every_state_keeps_the_rules(states, state):
    assert broken(as_bundle(states[state], text="whole text", pdf=b"%PDF", objects=objects(states[state]))) == []


@pytest.mark.parametrize("state", STATES)
def test_a_resent_report_is_byte_identical(states, state):
    again = dataclasses.replace(states[state], answers=tuple(states[state].answers))
    assert bundle_bytes(as_bundle(states[state])) == bundle_bytes(as_bundle(again))


@pytest.mark.parametrize(
    ("state", "report", "observation", "task"),
    [
        ("preliminary", "preliminary", "preliminary", "requested"),
        ("unread", "preliminary", "preliminary", "requested"),
        ("final", "final", "final", "completed"),
        ("amended", "amended", "final", "completed"),
        ("corrected", "corrected", "corrected", "completed"),
        ("withdrawn", "entered-in-error", "entered-in-error", "cancelled"),
        ("withdrawn-unsent", "cancelled", "entered-in-error", "cancelled"),
    ],
)
def test_each_status_has_its_name_in_fhir(states, state, report, observation, task):
    bundle = as_bundle(states[state])
    urgency = next(o for o in of(bundle, "Observation") if o["code"]["coding"][0]["code"] == "URGENCY")
    assert one(bundle, "DiagnosticReport")["status"] == report
    assert one(bundle, "Task")["status"] == task
    assert urgency["status"] == observation


def test_all_reports_of_a_study_change_the_same_report_and_the_same_findings(states):
    urls = []
    for name in ("preliminary", "final", "withdrawn"):
        entries = as_bundle(states[name])["entry"]
        urls.append({e["request"]["url"] for e in entries if e["request"]["method"] == "PUT"})
    report = {url for url in urls[0] if url.startswith("DiagnosticReport")}
    assert all(report <= told for told in urls)
    assert urls[0] <= urls[1]  # what was said before is changed, never left behind
    assert urls[1] - {u for u in urls[1] if "Observation" in u} <= urls[2]


def test_findings_that_no_longer_stand_are_taken_back_and_say_nothing_else(states):
    told = findings(as_bundle(states["final"]))
    assert told["wr:pleural-effusion"]["status"] == "entered-in-error"
    assert "valueCodeableConcept" not in told["wr:pleural-effusion"]
    assert "component" not in told["wr:pleural-effusion"]
    assert told["wr:pneumothorax"]["status"] == "final"
    every = findings(as_bundle(states["withdrawn"]))
    assert {o["status"] for o in every.values()} == {"entered-in-error"}
    assert set(every) == {"wr:pneumothorax", "wr:rib-fracture-acute"}


def test_only_what_an_ai_asserted_bears_its_mark(states):
    preliminary, final = as_bundle(states["preliminary"]), as_bundle(states["final"])
    assert marks(one(preliminary, "DiagnosticReport")) == {"AIAST"}
    assert all(marks(o) == {"AIAST"} for o in of(preliminary, "Observation"))
    assert marks(findings(final)["wr:pneumothorax"]) == {"AIAST"}
    assert marks(findings(final)["wr:rib-fracture-acute"]) == set()
    assert "device" not in findings(final)["wr:rib-fracture-acute"]
    assert marks(one(as_bundle(states["withdrawn"]), "DiagnosticReport")) == set()
    assert all(not marks(r) for kind in ("Patient", "ImagingStudy", "ServiceRequest") for r in of(final, kind))


def test_a_report_that_only_a_human_wrote_bears_no_mark(states):
    unread = states["unread"]
    alone = signed(
        unread,
        [added(unread, "wr:rib-fracture-acute")],
        text="A fracture.",
        by=DOCTOR,
        at=unread.made_at,
        terms=load_vocabulary().terms,
    )
    bundle = as_bundle(alone)
    assert marks(one(bundle, "DiagnosticReport")) == set()
    assert marks(findings(bundle)["wr:rib-fracture-acute"]) == set()


def test_unread_says_that_nobody_read_and_has_no_value(states):
    bundle = as_bundle(states["unread"])
    (urgency,) = of(bundle, "Observation")
    assert "valueCodeableConcept" not in urgency
    assert urgency["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    conclusion = one(bundle, "DiagnosticReport")["conclusion"]
    assert "AI did not read this study" in conclusion
    assert marks(urgency) == marks(one(bundle, "DiagnosticReport")) == set()


def test_every_conclusion_starts_with_the_banner_and_says_who_stands_behind_it(states):
    told = {
        name: one(as_bundle(report), "DiagnosticReport")["conclusion"].split("\n") for name, report in states.items()
    }
    assert {lines[0] for lines in told.values()} == {BANNER}
    assert told["preliminary"][1] == "Preliminary: read by AI, not reviewed by a human."
    assert told["final"][1] == "Signed by dr.curie, 2026-03-04."
    assert told["withdrawn"][1] == "Withdrawn by dr.curie, 2026-03-04: wrong <patient>"
    assert told["amended"][-1].endswith("See also <the> lateral view.")


def test_a_preliminary_report_after_a_signed_one_says_so(states):
    again = after(states["final"], dataclasses.replace(states["preliminary"], report_id="wr-later"))
    told = one(as_bundle(again), "DiagnosticReport")
    assert told["status"] == "preliminary"
    assert f"takes the place of signed report {states['final'].report_id}" in told["conclusion"]


def test_a_person_takes_part_only_by_a_signature(states):
    def people(report: Report) -> list[tuple[str, str]]:
        agents = one(as_bundle(report), "Provenance")["agent"]
        return [
            (a["type"]["coding"][0]["code"], a["who"]["display"])
            for a in agents
            if a["who"].get("type") == "Practitioner"
        ]

    assert people(states["preliminary"]) == []
    assert people(states["final"]) == [("attester", DOCTOR)]
    assert people(states["withdrawn"]) == [("author", DOCTOR)]
    entities = one(as_bundle(states["final"]), "Provenance")["entity"]
    assert entities[0]["what"]["identifier"]["value"] == states["preliminary"].report_id


def test_our_own_code_comes_first_and_a_narrower_public_one_never(preliminary):
    by_match = {}
    for term in load_vocabulary():
        if term.coding:
            by_match.setdefault(term.coding.match, term)
    narrow = dataclasses.replace(
        by_match["exact"], coding=dataclasses.replace(by_match["exact"].coding, match="narrower")
    )
    for match, term in {**by_match, "narrower": narrow}.items():
        told = report_of(preliminary.study, lambda _, t=term: [Finding(code=t.code, presence=Presence.PRESENT)])
        told = dataclasses.replace(told, terms={**told.terms, term.code: term})
        codings = findings(as_bundle(told))[term.code]["code"]["coding"]
        assert codings[0] == {"system": "urn:wetread:99WETREAD", "code": term.code, "display": term.label}
        assert [c["code"] for c in codings[1:]] == ([] if match == "narrower" else [term.coding.code])


@pytest.mark.parametrize(
    ("facts", "percent"),
    [
        ({"probability": 0.834, "calibrator_id": "test/1"}, 83.4),
        ({"probability": 0.834, "calibrator_id": "panel/pooled/x"}, None),
        ({"probability": None}, None),
        ({"confidence_raw": 0.9, "confidence_kind": "stated"}, None),
    ],
)
def test_a_certainty_is_only_told_where_a_calibrator_stands_behind_it(preliminary, facts, percent):
    told = report_of(preliminary.study, lambda _: [Finding(code="wr:pneumothorax", presence=Presence.PRESENT, **facts)])
    consensus = dataclasses.replace(
        told.consensus,
        findings=tuple(
            dataclasses.replace(j, finding=Finding(code="wr:pneumothorax", presence=Presence.PRESENT, **facts))
            for j in told.consensus.findings
        ),
    )
    certainty = findings(as_bundle(dataclasses.replace(told, consensus=consensus)))["wr:pneumothorax"]["component"][0]
    assert certainty["code"]["coding"][0]["code"] == "111012"
    assert certainty.get("valueQuantity", {}).get("value") == percent
    assert ("dataAbsentReason" in certainty) == (percent is None)


def test_side_size_and_place_are_told(preliminary):
    seen = Finding(
        code="wr:pneumothorax",
        presence=Presence.PRESENT,
        laterality=Laterality.BILATERAL,
        location="apex <left>",
        size=Size(value=12.5, unit="mm", method="model_estimate"),
        severity="small",
    )
    told = findings(as_bundle(report_of(preliminary.study, lambda _: [seen])))["wr:pneumothorax"]
    parts = {p["code"].get("text") or p["code"]["coding"][0]["code"]: p for p in told["component"]}
    assert told["bodySite"]["text"] == "bilateral apex <left>"
    assert parts["272741003"]["valueCodeableConcept"]["coding"][0]["code"] == "51440002"
    assert parts["Size (model estimate)"]["valueQuantity"] == {
        "value": 12.5,
        "unit": "mm",
        "system": "http://unitsofmeasure.org",
        "code": "mm",
    }
    assert parts["Severity"]["valueString"] == "small"


def test_a_finding_has_the_tracking_uid_of_the_sr(preliminary):
    told = {o["identifier"][0]["value"] for o in findings(as_bundle(preliminary)).values()}
    assert told == {f"urn:oid:{one.uid}" for one in tracked(preliminary)}


def test_a_patient_is_never_looked_for_by_a_number_alone(preliminary):
    entry = as_bundle(preliminary)["entry"][0]
    assert entry["request"]["ifNoneExist"] == "identifier=urn:wetread:patient-id|P-1"
    site = as_bundle(preliminary, patient_system="urn:oid:1.2.3")["entry"][0]
    assert site["request"]["ifNoneExist"] == "identifier=urn:oid:1.2.3|P-1"
    study = dataclasses.replace(preliminary.study, patient=Patient(name="Nobody"))
    nameless = as_bundle(dataclasses.replace(preliminary, study=study))["entry"][0]
    assert nameless["request"]["ifNoneExist"].startswith("identifier=urn:wetread:patient-of-study|urn:oid:")


def test_a_number_with_delimiters_stays_one_value_of_the_search():
    place = Place(kind="Patient", system="urn:x", value="a,b|c$d\\e&f=g h+ü")
    assert place.search == "identifier=urn:x|a%5C%2Cb%5C%7Cc%5C%24d%5C%5Ce%26f%3Dg%20h%2B%C3%BC"


def test_names_keep_their_scripts(preliminary):
    names = one(as_bundle(preliminary), "Patient")["name"]
    assert [n["family"] for n in names] == ["Yamada", "山田", "やまだ"]
    assert [n["text"] for n in names] == ["Tarou Yamada", "山田 太郎", "やまだ たろう"]
    assert [n["extension"][0]["valueCode"] for n in names] == ["ABC", "IDE", "SYL"]


def test_hostile_words_arrive_as_words(preliminary):
    study = dataclasses.replace(
        preliminary.study,
        patient=Patient(patient_id=f"<&|{'9' * 300}", name=HOSTILE, birth_date="1961-02-30", sex="?"),
        description=HOSTILE,
        accession_number=HOSTILE,
    )
    report = dataclasses.replace(preliminary, study=study, impression=HOSTILE, request=None)
    bundle = as_bundle(report, text=HOSTILE)
    assert broken(bundle) == []
    data = bundle_bytes(bundle)
    assert json.loads(data)["entry"][0]["resource"]["name"][0]["family"].startswith("<script>alert('x')</script>")
    assert "birthDate" not in one(bundle, "Patient")
    told = one(bundle, "DiagnosticReport")
    shown = "".join(ElementTree.fromstring(told["text"]["div"]).itertext())
    assert "<script>alert('x')</script> & \"quoted\"" in shown
    assert "<script" not in told["text"]["div"]
    assert "山田^太郎 张三" in told["conclusion"]
    assert "\u202e" not in data.decode()


def test_texts_without_end_are_cut_and_blank_ones_are_none():
    assert len(words("x" * 1_000_000)) == 64_000
    assert words(" \n\t ") is None


def test_the_study_lists_its_series_and_ours(preliminary):
    told = one(as_bundle(preliminary, objects=objects(preliminary)), "ImagingStudy")
    assert [s["modality"]["code"] for s in told["series"]][-2:] == ["SR", "KO"]
    assert told["series"][-2]["instance"][0]["uid"] == instance_uid(preliminary.report_id, Kind.SR)
    assert told["numberOfSeries"] == len(told["series"]) == 3
    named = one(as_bundle(preliminary, objects=objects(preliminary)), "DiagnosticReport")["identifier"]
    assert named[-1]["value"] == f"urn:oid:{instance_uid(preliminary.report_id, Kind.SR)}"


def test_broken_uids_and_modalities_of_the_images_leave_a_valid_study(preliminary):
    series = preliminary.study.series[0]
    instance = dataclasses.replace(series.instances[0], sop_instance_uid="../../etc/passwd")
    bad = dataclasses.replace(series, modality="<b>", number=-5, instances=(instance,))
    worse = dataclasses.replace(series, series_uid="1.2." + "3" * 80)
    study = dataclasses.replace(preliminary.study, series=(bad, worse), study_uid="../1 |2", study_date="20260304")
    bundle = as_bundle(dataclasses.replace(preliminary, study=study))
    assert broken(bundle) == []
    (told,) = one(bundle, "ImagingStudy")["series"]
    assert told["modality"]["code"] == "OT"
    assert "instance" not in told


def test_without_an_order_there_is_none(preliminary):
    study = dataclasses.replace(preliminary.study, accession_number=None)
    bundle = as_bundle(dataclasses.replace(preliminary, request=None, order=Order(), study=study))
    assert of(bundle, "ServiceRequest") == []
    assert broken(bundle) == []


def test_a_report_that_does_not_say_when_it_was_made_is_refused(preliminary):
    with pytest.raises(ValueError, match="made_at"):
        as_bundle(dataclasses.replace(preliminary, made_at=None))


def test_decisions_of_a_human_leave_no_finding_of_an_earlier_report_behind(preliminary):
    said = accepted(preliminary)
    terms = load_vocabulary().terms
    final = after(preliminary, signed(preliminary, said, text=None, by=DOCTOR, at=preliminary.made_at, terms=terms))
    assert {o["status"] for o in findings(as_bundle(final)).values()} == {"final"}


def test_the_bundle_is_as_it_was(preliminary):
    """WETREAD_UPDATE_GOLDEN=1 writes the file anew."""
    trace = Provenance(
        software="wetread golden", vocabulary_version="golden", vocabulary_sha256="0" * 64,
        vocabulary_signed_off_by=None, policy_version="golden", policy_sha256="1" * 64,
    )  # fmt: skip
    steady = dataclasses.replace(preliminary, provenance=trace)
    made = json.dumps(as_bundle(steady, text="The whole text."), ensure_ascii=False, indent=1) + "\n"
    kept = GOLDEN / "preliminary.json"
    if os.environ.get("WETREAD_UPDATE_GOLDEN"):
        kept.write_text(made, encoding="utf-8")
    assert made == kept.read_text(encoding="utf-8")
