"""Messages of real studies, in each status, before hl7apy's strict validator and our own rules."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from hl7_peers import independent_listener
from oru_rules import expected_status, parsed, problems, raw, strict, unescaped
from reported import MADE_AT, report_of, studies_of
from wetread.delivery.hl7 import as_oru, control_id
from wetread.delivery.mllp import Mllp
from wetread.delivery.tools import Tools
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.report import Report, Superseded
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, withdrawn
from wetread.reporting.as_text import as_text
from wetread.settings import HL7Names
from wetread.testing.clock import TurnableClock

STUDIES = (
    "AIHCND_C2_Starter__test1.dcm",
    "AIHCND_C2_Starter__test2.dcm",
    "AIHCND_C2_Starter__test4.dcm",
    "cornerstone3D__CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm",
    "dcm4che__MR-JPEGLosslessSV1.dcm",
    "dcmjs__sample-dicom.dcm",
    "dcmjs__sample-op.dcm",
    "derived__hl7_delims_in_name.dcm",
    "derived__html_in_name.dcm",
    "derived__no_patient_id.dcm",
    "dicom-test-files__MG1_JPLY.dcm",
    "dicom-test-files__MR1_JPLY.dcm",
    "dicom-test-files__NM1_RLE.dcm",
    "dicom-test-files__NM1_UNC.dcm",
    "dicom-test-files__RG1_JLSN.dcm",
    "dicom-test-files__SC1_JPLY.dcm",
    "dicom-test-files__XA1_RLE.dcm",
    "dicom-test-files__mf.dcm",
    "dicomParser__IM00001.implicit_little_endian.dcm",
    "fo-dicom__CR-MONO1-10-chest.dcm",
    "fo-dicom__GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm",
    "fo-dicom__GH340.dcm",
    "fo-dicom__IM-0001-0001-0001.dcm",
    "fo-dicom__chrGB2312.dcm",
    "fo-dicom__multiframe.dcm",
    "highdicom__dx_image.dcm",
)
BY, AT = "m.curie", MADE_AT + timedelta(hours=1)


def life_of(report: Report) -> list[Report]:
    """Preliminary, unread, signed (one finding rejected), amended, withdrawn: as a destination is given them."""
    names = list(findings_of(report))
    made = [
        Decision(finding_id=names[0], verdict=Verdict.ACCEPT, by=BY, at=AT),
        Decision(finding_id=names[1], verdict=Verdict.REJECT, by=BY, at=AT),
    ]
    final = signed(report, made, text="In my words: |^~\\& done.", by=BY, at=AT, terms=load_vocabulary().terms)
    later = amended(final, text="looked again", by=BY, at=AT)
    gone = withdrawn(later, reason="wrong side", text="An earlier report is withdrawn.", by=BY, at=AT)
    chain = [report, final, later, gone]
    told = [report, replace(report, report_id=f"{report.report_id}u", consensus=None)]
    for before, after in pairwise(chain):
        findings = before.consensus.findings
        earlier = Superseded(report_id=before.report_id, status=before.status, made_at=MADE_AT, findings=findings)
        told.append(replace(after, supersedes=earlier, made_at=AT))
    return told


@pytest.fixture(scope="module")
def reports(shared: Path) -> dict[str, Report]:
    """The preliminary report of each study, by its file."""
    studies = studies_of(*(shared / "dicom" / file for file in STUDIES))
    return {study.instances[0].path.name: report_of(study) for study in studies}


def test_at_least_twenty_different_studies_are_looked_at(reports: dict[str, Report]) -> None:
    assert len({report.study.study_uid for report in reports.values()}) >= 20


def test_every_study_passes_the_strict_validator(reports: dict[str, Report], tmp_path: Path) -> None:
    """Two statuses of each study; all five with WETREAD_MEASURE=full, which takes half a minute."""
    found = {}
    full = os.environ.get("WETREAD_MEASURE") == "full"
    for number, (file, preliminary) in enumerate(reports.items()):
        life = life_of(preliminary)
        for report in life if full else (life[number % len(life)], life[-1]):
            message = as_oru(report, names=HL7Names(), text=as_text(report).decode(), pdf=b"%PDF-1.4\n")
            if wrong := [*problems(message, report), *strict(message, tmp_path)]:
                found[file, report.status] = wrong
    assert found == {}


@pytest.mark.parametrize(
    "file", ["fo-dicom__chrGB2312.dcm", "derived__hl7_delims_in_name.dcm", "derived__html_in_name.dcm"]
)
def test_a_hard_name_arrives_whole(shared: Path, file: str) -> None:
    report = report_of(*studies_of(shared / "dicom" / file))
    made = parsed(as_oru(report, names=HL7Names(), text=as_text(report).decode()))
    repetitions = raw(made.segment("PID"), 5).split("~")
    told = [[unescaped(made, part) for part in one.split("^")[:2]] for one in repetitions]
    groups = [group for group in report.study.patient.name.split("=") if group.strip("^ ")]
    expected = [[*group.split("^"), ""][:2] for group in groups]
    assert [[p.strip() for p in one] for one in expected] == [[*one, ""][:2] for one in told]


def test_the_independent_listener_parses_every_message(reports: dict[str, Report]) -> None:
    def render(report: Report, _: str) -> bytes:
        return as_text(report)

    sent = [report for preliminary in reports.values() for report in life_of(preliminary)]
    with independent_listener() as listener:
        ris = Mllp("ris", ("127.0.0.1", listener.port), tools=Tools(render=render, clock=TurnableClock()))
        for report in sent:
            assert asyncio.run(ris.deliver(report)).reference == f"{control_id(report)} acknowledged AA"
        seen = listener.seen(len(sent))
    assert [one["control"] for one in seen] == [control_id(report) for report in sent]
    assert [one["status"] for one in seen] == [expected_status(report) for report in sent]
    assert {(one["type"], one["event"]) for one in seen} == {("ORU", "R01")}
