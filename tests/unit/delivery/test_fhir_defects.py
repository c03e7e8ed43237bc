"""Planted defects: a bundle with any one of them must not pass the project's own rules."""

import copy
from collections.abc import Callable

import pytest

from fhir_peer import states_of
from fhir_rules import broken
from reported import report_of, studies_of
from wetread.delivery.fhir import as_bundle
from wetread.testing import phantoms


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> dict[str, dict]:
    (study,) = studies_of(phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("defects") / "chest.dcm"))
    return {name: as_bundle(report, text="whole text") for name, report in states_of(report_of(study)).items()}


def resource(bundle: dict, kind: str) -> dict:
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


def request(bundle: dict, kind: str) -> dict:
    return next(e["request"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


def without(kind: str, name: str) -> Callable[[dict], object]:
    return lambda bundle: resource(bundle, kind).pop(name)


def having(kind: str, **parts: object) -> Callable[[dict], object]:
    return lambda bundle: resource(bundle, kind).update(parts)


def _wrong_meaning(bundle: dict) -> None:
    resource(bundle, "Observation")["valueCodeableConcept"]["coding"][0]["display"] = "Absent"


def _wrong_code(bundle: dict) -> None:
    resource(bundle, "Observation")["component"][0]["code"]["coding"][0]["code"] = "111013"


def _dangling(bundle: dict) -> None:
    resource(bundle, "DiagnosticReport")["subject"]["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000000"


def _to_the_wrong_kind(bundle: dict) -> None:
    resource(bundle, "Observation")["derivedFrom"][0] = resource(bundle, "Observation")["subject"]


def _public_code_first(bundle: dict) -> None:
    resource(bundle, "Observation")["code"]["coding"].reverse()


def _other_identifier(bundle: dict) -> None:
    resource(bundle, "DiagnosticReport")["identifier"][0]["value"] += "1"


def _plain_post(bundle: dict) -> None:
    next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "DiagnosticReport")["request"] = {
        "method": "POST",
        "url": "DiagnosticReport",
    }


def _live(bundle: dict) -> None:
    text = resource(bundle, "DiagnosticReport")["text"]
    text["div"] = text["div"].replace("</pre>", "</pre><script>1</script>")


def _handler(bundle: dict) -> None:
    text = resource(bundle, "Observation")["text"]
    text["div"] = text["div"].replace("<p>", '<p onclick="x()">', 1)


def _no_longer_xml(bundle: dict) -> None:
    resource(bundle, "Observation")["text"]["div"] += "&nbsp;"


def _person(bundle: dict) -> None:
    resource(bundle, "Provenance")["agent"].append({"who": {"type": "Practitioner", "display": "dr.x"}})


def _over_the_top(bundle: dict) -> None:
    resource(bundle, "Observation")["component"][0]["valueQuantity"]["value"] = 830


def _twice(bundle: dict) -> None:
    bundle["entry"].append(bundle["entry"][0])


DEFECTS = {
    "no status": without("DiagnosticReport", "status"),
    "a status that there is not": having("DiagnosticReport", status="done"),
    "final while the review is asked for": having("DiagnosticReport", status="final"),
    "no mark on what an AI said": without("Observation", "meta"),
    "no mark on the report": lambda b: resource(b, "DiagnosticReport")["meta"].pop("security"),
    "no banner": having("DiagnosticReport", conclusion="Pneumothorax."),
    "no image behind a finding": without("Observation", "derivedFrom"),
    "no device": without("Observation", "device"),
    "two values": having("Observation", valueString="present"),
    "a value and the reason for none": having("Observation", dataAbsentReason={"text": "unknown"}),
    "an empty value": having("Patient", name=[]),
    "a bad date": having("Observation", effectiveDateTime="2026-13-45"),
    "a moment without zone": having("DiagnosticReport", issued="2026-03-04T05:06:07"),
    "a control character": having("Task", description="a\x0bb"),
    "no version of the device": without("Device", "version"),
    "no condition on the patient's creation": lambda b: request(b, "Patient").pop("ifNoneExist"),
    "a human interpreter": having("DiagnosticReport", resultsInterpreter=[{"display": "dr.x"}]),
    "the wrong meaning of a code": _wrong_meaning,
    "the wrong code of a meaning": _wrong_code,
    "a reference that leads nowhere": _dangling,
    "a reference to another kind": _to_the_wrong_kind,
    "a public code before our own": _public_code_first,
    "another identifier than is searched": _other_identifier,
    "a report made anew by each send": _plain_post,
    "a script": _live,
    "a handler": _handler,
    "a narrative that is no XML": _no_longer_xml,
    "a person without a signature": _person,
    "a certainty of 830 %": _over_the_top,
    "an entry twice": _twice,
}


def test_the_bundle_without_defect_keeps_the_rules(bundles):
    assert {name: broken(bundle) for name, bundle in bundles.items() if broken(bundle)} == {}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(bundles, defect):
    bundle = copy.deepcopy(bundles["preliminary"])
    DEFECTS[defect](bundle)
    assert broken(bundle) != []


def test_a_finding_that_stands_after_a_withdrawal_is_found(bundles):
    bundle = copy.deepcopy(bundles["withdrawn"])
    resource(bundle, "Observation")["status"] = "final"
    assert any("withdrawn" in what for what in broken(bundle))
