"""The independent FHIR server of the tests (Medplum on Node), and one report through all its states."""

import dataclasses
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Finding, Presence
from wetread.domain.report import Report, Superseded
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, withdrawn

FAKES = Path(__file__).parent / "fakes"
TOKEN = "test-token"
START_WITHIN_S = 30
DOCTOR = "dr.curie"


class FhirPeer:
    """A running server; it refuses what does not bear its token or what its validator does not accept."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self.url = f"{self._root}/fhir"

    def ask(self, method: str, path: str, body: object = None) -> dict:
        """What it answers on a path below its base."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/fhir+json"}
        request = urllib.request.Request(f"{self.url}/{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def all(self, kind: str) -> list[dict]:
        """Every resource of a type that it holds."""
        return [entry["resource"] for entry in self.ask("GET", f"{kind}?_count=1000").get("entry", [])]

    def forget(self) -> None:
        """Start anew with an empty store."""
        urllib.request.urlopen(urllib.request.Request(f"{self._root}/$forget", method="POST"), timeout=20).close()

    def asked(self) -> int:
        """How many requests it had."""
        with urllib.request.urlopen(f"{self._root}/$asked", timeout=20) as answer:
            return json.load(answer)["asked"]


@contextmanager
def running_peer() -> Iterator[FhirPeer]:
    """The server while the block runs."""
    node = shutil.which("node")
    if node is None or not (FAKES / "node_modules/@medplum/fhir-router").is_dir():
        pytest.skip("the independent FHIR server is not here (scripts/install-fakes fetches it with npm)")
    with subprocess.Popen([node, FAKES / "fhir/server.mjs", TOKEN], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip()
            assert port.isdigit(), "the FHIR server did not start"
            yield FhirPeer(int(port))
        finally:
            process.kill()


def after(before: Report, report: Report) -> Report:
    """The report as a destination is given it that had the other one."""
    earlier = Superseded(
        report_id=before.report_id,
        status=before.status,
        made_at=before.made_at,
        findings=before.consensus.findings if before.consensus else (),
    )
    return dataclasses.replace(report, supersedes=earlier, made_at=before.made_at + timedelta(minutes=10))


def accepted(report: Report, *more: Decision) -> list[Decision]:
    """A human's consent to every finding, and what else they decided."""
    at = report.made_at + timedelta(minutes=5)
    told = [Decision(finding_id=name, verdict=Verdict.ACCEPT, by=DOCTOR, at=at) for name in findings_of(report)]
    return [*told, *more]


def added(report: Report, code: str) -> Decision:
    """A finding that only the human saw."""
    at = report.made_at + timedelta(minutes=6)
    told = Finding(code=code, presence=Presence.PRESENT)
    return Decision(finding_id=f"{report.report_id}.human", verdict=Verdict.ADD, by=DOCTOR, at=at, told=told)


def struck(report: Report, number: int) -> Decision:
    """A finding that the human does not see."""
    at, name = report.made_at + timedelta(minutes=6), list(findings_of(report))[number]
    return Decision(finding_id=name, verdict=Verdict.REJECT, by=DOCTOR, at=at)


def states_of(preliminary: Report) -> dict[str, Report]:
    """The report through its life, each as a destination is given it that had the one before."""
    terms, at = load_vocabulary().terms, preliminary.made_at + timedelta(minutes=7)
    unread = dataclasses.replace(
        preliminary,
        consensus=None,
        answers=(),
        report_id=f"{preliminary.report_id}-u",
        impression="AI did not read this.",
    )
    sign = {"text": "The human's own words.", "by": DOCTOR, "at": at, "terms": terms}
    decided = accepted(preliminary, struck(preliminary, 1), added(preliminary, "wr:rib-fracture-acute"))
    final = after(preliminary, signed(preliminary, decided, **sign))
    amendment = after(final, amended(final, text="See also <the> lateral view.", by=DOCTOR, at=at))
    corrected = after(final, dataclasses.replace(final, report_id=f"{final.report_id}-c"))
    later = at + timedelta(minutes=3)
    taken_back = withdrawn(final, reason="wrong <patient>", text="Taken back.", by=DOCTOR, at=later)
    return {
        "preliminary": preliminary,
        "unread": unread,
        "read-after-unread": after(unread, preliminary),
        "final": final,
        "amended": amendment,
        "corrected": corrected,
        "withdrawn": after(final, taken_back),
        "withdrawn-unsent": dataclasses.replace(taken_back, supersedes=None, made_at=later),
    }
