"""ORU^R01: what each status says, what is taken back, what does not fit, and that it is always the same bytes."""

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from oru_rules import parsed, problems, raw, rows, strict, unescaped
from reported import MADE_AT, report_of, studies_of
from wetread.delivery.hl7 import as_oru, control_id
from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.order import Procedure, Request
from wetread.domain.report import Report, ReportStatus, Superseded
from wetread.domain.review import Decision, Verdict, amended, findings_of, signed, withdrawn
from wetread.domain.study import Patient
from wetread.reporting.as_text import as_text
from wetread.settings import HL7Names
from wetread.testing import phantoms

NAMES = HL7Names(sending_facility="NORTH^1.2.3^ISO", receiving_application="RIS", receiving_facility="NORTH")
LATER = MADE_AT + timedelta(hours=1)
GOLDEN = Path(__file__).parents[2] / "golden" / "hl7"
REQUEST = Request(
    accession_number="ACC-1",
    placer_number="PLC-1",
    filler_number="FIL-1",
    procedure=Procedure(text="XR Chest 2 Views", code="36643-5", system="LN"),
    reason="cough & fever",
    provider=("D1", "Curie", "Marie"),
)


@cache
def _preliminary(folder: Path) -> Report:
    path = phantoms.write(phantoms.radiograph(), folder / "chest.dcm")
    (study,) = studies_of(path)
    study = dataclasses.replace(study, ref="st-000000000000")
    return dataclasses.replace(report_of(study), report_id="wr-0123456789abcdef")


@pytest.fixture(scope="session")
def preliminary(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return _preliminary(tmp_path_factory.mktemp("oru"))


def oru(report: Report, **told: object) -> bytes:
    return as_oru(report, names=NAMES, text=as_text(report).decode(), **told)


def superseding(report: Report, before: Report) -> Report:
    """The report as a destination is given it that had the other one."""
    earlier = Superseded(
        report_id=before.report_id,
        status=before.status,
        made_at=before.made_at,
        findings=before.consensus.findings if before.consensus else (),
    )
    return dataclasses.replace(report, supersedes=earlier, made_at=report.made_at + timedelta(minutes=9))


def human_final(report: Report, *, reject: bool = True) -> Report:
    """Signed by a human who rejects the second finding and adds one."""
    names = list(findings_of(report))
    added = Finding(code="wr:rib-fracture-acute", presence=Presence.PRESENT, laterality=Laterality.RIGHT)
    second = Verdict.REJECT if reject else Verdict.ACCEPT
    decisions = [
        Decision(finding_id=names[0], verdict=Verdict.ACCEPT, by="m.curie", at=LATER),
        Decision(finding_id=names[1], verdict=second, by="m.curie", at=LATER),
        Decision(finding_id="added", verdict=Verdict.ADD, by="m.curie", at=LATER, told=added),
    ]
    return signed(report, decisions, text=None, by="m.curie", at=LATER, terms=load_vocabulary().terms)


def taken_back(report: Report) -> Report:
    return withdrawn(report, reason="wrong | patient", text="An earlier report is withdrawn.", by="m.curie", at=LATER)


def narrative_of(message: bytes) -> str:
    made = parsed(message)
    return "\n".join(unescaped(made, row["value"]) for row in rows(made) if row["code"] == "18782-3")


def test_a_preliminary_report_is_preliminary_everywhere(preliminary: Report, tmp_path: Path) -> None:
    message = oru(preliminary)
    assert problems(message, preliminary) == []
    assert strict(message, tmp_path) == []
    assert {row["status"] for row in rows(parsed(message))} == {"P"}
    lines = narrative_of(message).splitlines()
    assert lines[:2] == [preliminary.banner, "AI PRELIMINARY - NOT VERIFIED BY A PHYSICIAN"]


def test_a_resent_report_is_the_same_message_byte_by_byte(preliminary: Report) -> None:
    assert oru(preliminary) == oru(preliminary)
    assert control_id(preliminary) == preliminary.report_id


def test_a_report_that_does_not_say_when_it_was_made_is_refused(preliminary: Report) -> None:
    for made_at in (None, MADE_AT.replace(tzinfo=None)):
        with pytest.raises(ValueError, match="made_at"):
            oru(dataclasses.replace(preliminary, made_at=made_at))


def test_a_long_report_id_gets_a_control_id_that_fits_and_stays(preliminary: Report) -> None:
    long = [dataclasses.replace(preliminary, report_id=f"wr-unread-{'0' * 32}-{n}") for n in (1, 2)]
    first, second = map(control_id, long)
    assert len(first) == 20
    assert first != second
    assert control_id(long[0]) == first


def test_a_signed_report_is_final_and_names_the_human(preliminary: Report, tmp_path: Path) -> None:
    final = superseding(human_final(preliminary), preliminary)
    message = oru(final)
    assert problems(message, final) == []
    assert strict(message, tmp_path) == []
    made = parsed(message)
    assert raw(made.segment("OBR"), 25) == "F"
    assert raw(made.segment("OBR"), 32) == "m.curie"
    methods = [row["method"].split("^")[0] for row in rows(made) if row["code"] == "59776-5" and row["status"] == "F"]
    assert sorted(methods) == ["AI+HUMAN", "HUMAN"]


def test_a_finding_that_no_longer_stands_is_deleted_under_its_own_sub_id(preliminary: Report) -> None:
    before = {row["sub_id"]: row for row in rows(parsed(oru(preliminary))) if row["code"] == "59776-5"}
    final = superseding(human_final(preliminary), preliminary)
    after = [row for row in rows(parsed(oru(final))) if row["code"] == "59776-5"]
    (gone,) = [row for row in after if row["status"] == "D"]
    assert "wr:pleural-effusion" in before[gone["sub_id"]]["value"]
    assert gone["value"] == before[gone["sub_id"]]["value"]
    kept = [row for row in after if row["status"] == "F" and row["sub_id"] in before]
    assert ["wr:pneumothorax^" in row["value"] for row in kept] == [True]


def test_what_changed_within_a_finding_that_stays_is_deleted_too(preliminary: Report) -> None:
    joined = preliminary.consensus.findings
    unsure = dataclasses.replace(joined[0], finding=dataclasses.replace(joined[0].finding, probability=None))
    consensus = dataclasses.replace(preliminary.consensus, findings=(unsure, *joined[1:]))
    later = superseding(dataclasses.replace(preliminary, report_id="wr-2", consensus=consensus), preliminary)
    gone = [row for row in rows(parsed(oru(later))) if row["status"] == "D"]
    assert [row["code"] for row in gone] == ["111012"]


def test_a_final_report_that_replaces_a_final_one_is_a_correction(preliminary: Report, tmp_path: Path) -> None:
    final = human_final(preliminary)
    later = superseding(amended(final, text="a second look: as before", by="m.curie", at=LATER), final)
    message = oru(later)
    assert problems(message, later) == []
    assert strict(message, tmp_path) == []
    assert raw(parsed(message).segment("OBR"), 25) == "C"
    assert "a second look" in narrative_of(message)


def test_an_amended_report_for_a_receiver_that_had_none_is_final(preliminary: Report) -> None:
    later = amended(human_final(preliminary), text="a second look", by="m.curie", at=LATER)
    assert raw(parsed(oru(later)).segment("OBR"), 25) == "F"


@pytest.mark.parametrize("was", ["preliminary", "final"])
def test_a_withdrawal_says_who_and_why_and_takes_back_every_finding(
    preliminary: Report, was: str, tmp_path: Path
) -> None:
    before = preliminary if was == "preliminary" else human_final(preliminary)
    rejected = superseding(taken_back(before), before)
    message = oru(rejected)
    assert problems(message, rejected) == []
    assert strict(message, tmp_path) == []
    told = narrative_of(message)
    assert "WITHDRAWN" in told
    assert "m.curie" in told
    assert "wrong | patient" in told
    earlier = {(r["code"], r["sub_id"]) for r in rows(parsed(oru(before))) if len(r["sub_id"]) > 1}
    gone = {(r["code"], r["sub_id"]) for r in rows(parsed(message)) if r["status"] == "D"}
    assert gone >= earlier
    assert raw(parsed(message).segment("OBR"), 25) == "C"
    assert raw(parsed(message).segment("OBR"), 32) == ""


def test_a_withdrawal_of_what_was_never_sent_deletes_nothing(preliminary: Report) -> None:
    message = oru(dataclasses.replace(taken_back(preliminary), made_at=LATER))
    assert {row["status"] for row in rows(parsed(message))} == {"C"}


def test_an_unread_study_says_that_nobody_read_and_claims_nothing(preliminary: Report, tmp_path: Path) -> None:
    unread = dataclasses.replace(preliminary, consensus=None)
    message = oru(unread)
    assert problems(message, unread) == []
    assert strict(message, tmp_path) == []
    assert "AI did not read this study" in narrative_of(message)
    assert [row["code"] for row in rows(parsed(message))] == ["113014", "18782-3", "URGENCY"]


def test_what_is_absent_is_no_coded_finding(preliminary: Report) -> None:
    assert "cardiomegaly" not in "".join(row["value"] for row in rows(parsed(oru(preliminary))) if row["kind"] == "CWE")


def test_an_uncalibrated_number_is_no_probability(preliminary: Report) -> None:
    joined = preliminary.consensus.findings[0]
    for calibrator in (None, "panel/pooled/3"):
        finding = dataclasses.replace(joined.finding, calibrator_id=calibrator)
        consensus = dataclasses.replace(preliminary.consensus, findings=(dataclasses.replace(joined, finding=finding),))
        found = rows(parsed(oru(dataclasses.replace(preliminary, consensus=consensus))))
        assert {row["probability"] for row in found} == {""}
        assert "111012" not in {row["code"] for row in found}


def test_the_order_goes_back_under_its_own_numbers(preliminary: Report, tmp_path: Path) -> None:
    message = oru(dataclasses.replace(preliminary, request=REQUEST))
    assert strict(message, tmp_path) == []
    made = parsed(message)
    orc, obr = made.segment("ORC"), made.segment("OBR")
    assert (raw(orc, 2), raw(orc, 3)) == ("PLC-1", "FIL-1") == (raw(obr, 2), raw(obr, 3))
    assert raw(obr, 4) == "36643-5^XR Chest 2 Views^LN"
    assert raw(obr, 16) == "D1^Curie^Marie"
    assert raw(obr, 18) == "ACC-1"
    assert unescaped(made, raw(obr, 31)) == "^cough & fever"


def test_the_report_as_a_document_is_the_same_bytes(preliminary: Report, tmp_path: Path) -> None:
    import base64

    pdf = b"%PDF-1.4 " + bytes(range(256)) * 400
    message = oru(preliminary, pdf=pdf)
    assert strict(message, tmp_path) == []
    (row,) = [row for row in rows(parsed(message)) if row["kind"] == "ED"]
    assert row["value"].split("^")[:4] == ["WETREAD", "application", "pdf", "Base64"]
    assert base64.b64decode(row["value"].split("^")[4]) == pdf


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Curie^Marie^S^Dr^Jr", "Curie^Marie^S^Jr^Dr^^L"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou^^^^^L^A~山田^太郎^^^^^L^I~やまだ^たろう^^^^^L^P"),
        ("=山田^太郎", "山田^太郎^^^^^L^I"),
        (None, "^^^^^^U"),
        ("^^", "^^^^^^U"),
        ("A^B^C^D^E^F^G", "A^B^C^E F G^D^^L"),
        ("O|Neil&Sons^~x", r"O\F\Neil\T\Sons^\R\x^^^^^L"),
    ],
)
def test_a_dicom_name_is_told_part_by_part(preliminary: Report, name: str | None, expected: str) -> None:
    study = dataclasses.replace(preliminary.study, patient=Patient(patient_id="1", name=name))
    message = oru(dataclasses.replace(preliminary, study=study))
    assert raw(parsed(message).segment("PID"), 5) == expected


def test_a_patient_without_a_number_is_nobody_elses(preliminary: Report, tmp_path: Path) -> None:
    study = dataclasses.replace(preliminary.study, patient=Patient())
    message = oru(dataclasses.replace(preliminary, study=study))
    assert strict(message, tmp_path) == []
    assert raw(parsed(message).segment("PID"), 3) == f"{study.ref}^^^WETREAD^U"


def test_what_is_too_long_is_cut_in_words_left_out_in_numbers_and_told_in_full(
    preliminary: Report, tmp_path: Path
) -> None:
    patient = Patient(patient_id="9" * 300, name="N" * 400 + "^Given|")
    study = dataclasses.replace(
        preliminary.study, patient=patient, description="chest & " * 60, accession_number="A" * 80
    )
    message = oru(dataclasses.replace(preliminary, study=study))
    assert strict(message, tmp_path) == []
    made = parsed(message)
    assert raw(made.segment("PID"), 3).startswith(study.ref)
    assert raw(made.segment("OBR"), 18) == ""
    notes = "\n".join(unescaped(made, raw(one, 3)) for one in made.segments("NTE"))
    for whole in ("9" * 300, "N" * 400 + "^Given|", "chest & " * 60, "A" * 80):
        assert whole in notes
    assert not [one for one in (*made.segments("PID"), *made.segments("OBR")) if any(len(str(f)) > 200 for f in one)]


@pytest.mark.parametrize("status", list(ReportStatus))
def test_the_messages_are_those_that_were_looked_at_by_a_human(preliminary: Report, status: ReportStatus) -> None:
    report = _in_status(preliminary, status)
    made = as_oru(
        dataclasses.replace(report, request=REQUEST, provenance=_fixed(report)),
        names=NAMES,
        text="*** the report in words ***\nwith | two lines",
    )
    golden = GOLDEN / f"oru_{status.value}.hl7"
    assert golden.is_file(), f"look at it, then keep it: {made!r}"
    assert made.decode().replace("\r", "\n") == golden.read_text(encoding="utf-8")


def _fixed(report: Report):
    return dataclasses.replace(report.provenance, software="wetread 0.0.0")


def _in_status(report: Report, status: ReportStatus) -> Report:
    final = superseding(human_final(report), report)
    return {
        ReportStatus.PRELIMINARY: report,
        ReportStatus.FINAL: final,
        ReportStatus.AMENDED: superseding(amended(final, text="a second look", by="m.curie", at=LATER), final),
        ReportStatus.REJECTED: superseding(taken_back(report), report),
    }[status]


def test_the_time_of_the_message_has_its_zone(preliminary: Report) -> None:
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert raw(parsed(oru(dataclasses.replace(preliminary, made_at=at))).segment("MSH"), 7) == "20260304050607+0000"
