"""Three independent R4 validators accept the bundles of real studies of all kinds in every state, and no spoilt one."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from fhir_peer import states_of
from fhir_rules import broken
from reported import report_of, studies_of
from wetread.delivery.fhir import as_bundle, bundle_bytes
from wetread.delivery.made import Kind, instance_uid, series_uid
from wetread.domain.report import Report
from wetread.domain.study import Study

AT_LEAST = 20
LONGEST_FILE = 3 << 20
NOT_VALID = ("WARN", "ERR")


@pytest.fixture(scope="session")
def environment(shared) -> Path:
    folder = Path(os.environ.get("WETREAD_CHECKS", shared.parents[1] / "checks-env"))
    if not (folder / "node_modules").is_dir() or not (folder / "py/bin/fhirkit").is_file():
        pytest.skip("the independent FHIR validators are not here (shared/checks/setup installs them)")
    return folder


@pytest.fixture(scope="session")
def studies(shared) -> list[Study]:
    """Different real studies, as many kinds of them as there are, small ones first."""
    files = sorted(
        (f for f in (shared / "dicom").glob("*.dcm") if f.stat().st_size < LONGEST_FILE), key=os.path.getsize
    )
    found = [s for s in studies_of(*files) if s.study_uid and any(i.is_image for i in s.instances)]
    by_kind: dict[tuple[str, ...], list[Study]] = {}
    for study in found:
        by_kind.setdefault(study.modalities, []).append(study)
    several = [study for nth in range(3) for kind in by_kind.values() for study in kind[nth : nth + 1]]
    return several[:60] if os.environ.get("WETREAD_MEASURE") == "full" else several[:24]


@pytest.fixture(scope="session")
def bundles(studies, tmp_path_factory) -> list[Path]:
    """Every study in every state."""
    folder, files = tmp_path_factory.mktemp("bundles"), []
    for number, study in enumerate(studies):
        for state, report in states_of(report_of(study)).items():
            file = folder / f"{number:02d}-{state}.json"
            file.write_bytes(
                bundle_bytes(as_bundle(report, text=f"{report.banner}\nall of it", objects=_objects(report)))
            )
            files.append(file)
    return files


def _objects(report: Report) -> dict[Kind, tuple[str, str]]:
    return {
        kind: (series_uid(report.report_id, kind), instance_uid(report.report_id, kind)) for kind in (Kind.SR, Kind.KO)
    }


def verdicts(environment: Path, files: list[Path]) -> dict[str, set[str]]:
    """The files that each validator does not accept without a warning."""
    done = subprocess.run(
        [environment / "py/bin/fhirkit", "validate", *files], capture_output=True, text=True, timeout=300
    )
    refused = {"fhirkit": {line.split(":")[0] for line in done.stdout.splitlines() if not line.endswith(": ok")}}
    accepted = [line for line in done.stdout.splitlines() if line.endswith(": ok")]
    assert len(accepted) + len(refused["fhirkit"]) >= len(files)
    for peer in ("validate_medplum.mjs", "validate_lantana.cjs"):
        done = subprocess.run(["node", peer, *files], cwd=environment, capture_output=True, text=True, timeout=300)
        lines = [line.split() for line in done.stdout.splitlines()]
        assert len(lines) == len(files), done.stderr[-500:]
        refused[peer] = {" ".join(line[:30]) for line in lines if line[1] != "OK"}
    return refused


def test_three_validators_accept_bundles_of_many_kinds_of_studies(environment, studies, bundles):
    assert len(studies) >= AT_LEAST
    assert len({study.modalities for study in studies}) >= 8
    assert {file.stem.partition("-")[2] for file in bundles} >= {
        "preliminary",
        "unread",
        "final",
        "amended",
        "withdrawn",
    }
    assert verdicts(environment, bundles) == {
        "fhirkit": set(),
        "validate_medplum.mjs": set(),
        "validate_lantana.cjs": set(),
    }


def test_our_own_rules_accept_them_too(bundles):
    assert {file.name: what for file in bundles if (what := broken(json.loads(file.read_bytes())))} == {}


def test_three_validators_accept_each_entry_by_itself(environment, bundles, tmp_path):
    """A fault in one entry can hide behind those around it."""
    files, seen = [], set()
    for file in bundles:
        bundle = json.loads(file.read_bytes())
        names = {e["fullUrl"]: f"{e['resource']['resourceType']}/{n}" for n, e in enumerate(bundle["entry"])}
        for entry in bundle["entry"]:
            kind = entry["resource"]["resourceType"], file.stem.partition("-")[2]
            if kind not in seen:
                seen.add(kind)
                files.append(tmp_path / f"{'-'.join(kind)}.json")
                files[-1].write_bytes(_alone(entry, names))
    assert len(files) >= 40
    assert not any(verdicts(environment, files).values())


def _alone(entry: dict, names: dict[str, str]) -> bytes:
    """The entry with its references to the others as a server would write them."""
    text = json.dumps(entry["resource"])
    for full_url, name in names.items():
        text = text.replace(full_url, name)
    return json.dumps(
        {"resourceType": "Bundle", "type": "transaction", "entry": [{**entry, "resource": json.loads(text)}]}
    ).encode()


def test_the_shared_check_accepts_a_bundle_of_ours(environment, shared, bundles):
    chosen = bundles if os.environ.get("WETREAD_MEASURE") == "full" else bundles[:1]
    done = subprocess.run(
        [shared.parent / "checks/fhir", *chosen],
        env={**os.environ, "WETREAD_CHECKS": str(environment)},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout[-3000:]


SPOILT = {
    "validate_lantana.cjs": {"status": "whatever"},
    "validate_medplum.mjs": {"unheardOf": "x"},
    "fhirkit": {"authoredOn": "yesterday"},
}


def test_each_validator_refuses_a_spoilt_bundle(environment, bundles, tmp_path):
    """A check that accepts everything proves nothing."""
    files = []
    for sees, parts in SPOILT.items():
        bundle = json.loads(bundles[0].read_bytes())
        bundle["entry"][-1]["resource"].update(parts)
        files.append(tmp_path / f"{sees}.spoilt.json")
        files[-1].write_text(json.dumps(bundle))
    refused = verdicts(environment, files)
    assert all(any(f"{sees}.spoilt.json" in line for line in refused[sees]) for sees in SPOILT)
