"""Independent validators accept every kind of line that the audit holds."""

import json
import os
import subprocess
from datetime import UTC, datetime

import pytest

from wetread.delivery.audit_event import audit_event
from wetread.domain.audit import Action, AuditEntry, Outcome


def entry(n, action):
    return AuditEntry(
        seq=n,
        at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        actor=["ann", "token:PACS", "console:root"][n % 3],
        roles=("radiologist",) if n % 2 else (),
        action=action,
        object=["study/0123456789abcdef", "user/ann", "worklist"][n % 3],
        outcome=list(Outcome)[n % 3],
        address=[None, "10.0.0.1", "modality-7"][n % 3],
        data={"why": "x", "changed": ["roles"], "n": n, "empty": ""} if n % 2 else {},
        previous="0" * 64,
        hash="a" * 64,
    )


def test_three_validators_accept_every_kind_of_event(shared, tmp_path):
    checks = shared.parent / "checks" / "fhir"
    environment = os.environ.get("WETREAD_CHECKS", str(shared.parents[1] / "checks-env"))
    if not checks.is_file() or not os.path.isdir(f"{environment}/node_modules"):  # noqa: PTH112
        pytest.skip("the independent FHIR validators are not here (shared/checks/setup installs them)")
    events = [audit_event(entry(n, action)) for n, action in enumerate(Action, 1)]
    uuids = [f"urn:uuid:00000000-0000-4000-8000-{n:012d}" for n in range(len(events))]
    entries = [{"fullUrl": uuid, "resource": event} for uuid, event in zip(uuids, events, strict=True)]
    bundle = tmp_path / "audit.json"
    bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    done = subprocess.run(
        [checks, bundle], env={**os.environ, "WETREAD_CHECKS": environment}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
