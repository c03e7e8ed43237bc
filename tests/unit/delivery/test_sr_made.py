"""The structured report of a report in each state says what the report says, and the same bytes each time."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from pydicom import dcmread

from object_states import STATES, image, in_state, preliminary
from reported import MADE_AT, report_of, studies_of, three_findings
from sr_rules import groups, held, name_of, problems, texts
from wetread.delivery.made import Kind
from wetread.delivery.objects.sr import make_sr
from wetread.delivery.originals import read_originals
from wetread.domain.finding import Finding, Laterality, Presence
from wetread.domain.order import Procedure, Request
from wetread.domain.read import Trace
from wetread.domain.report import Superseded
from wetread.errors import InputError

REQUEST = Request(
    accession_number="ACC-1",
    placer_number="PLACER^1",
    filler_number="FILLER&2",
    procedure_id="RP-7",
    procedure=Procedure(text="CT Head W/O contrast", code="30799-1", system="LN"),
    reason="headache & <vomiting>",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sr")
    return replace(preliminary(image(folder)), request=REQUEST)


def made(report) -> bytes:
    return make_sr(report, read_originals(report)).data


def read(report):
    return dcmread(io.BytesIO(made(report)))


def changed(tmp_path, change, script=three_findings):
    return preliminary(image(tmp_path, change), script=script)


@pytest.mark.parametrize("state", STATES)
def test_it_says_what_the_report_says(report, state):
    one = in_state(report, state)
    assert problems(one, made(one)) == []


@pytest.mark.parametrize("state", STATES)
def test_a_resent_report_is_byte_identical(report, state):
    one = in_state(report, state)
    assert made(one) == made(one)


def test_the_objects_facts_are_told_to_the_sender(report):
    one = make_sr(report, read_originals(report))
    d = dcmread(io.BytesIO(one.data))
    assert (one.kind, one.sop_class_uid, one.sop_instance_uid, one.series_uid) == (
        Kind.SR,
        d.SOPClassUID,
        d.SOPInstanceUID,
        d.SeriesInstanceUID,
    )


def test_a_finding_keeps_its_tracking_uid_in_later_reports(report):
    uids = [[held(g, "112040")[0].UID for g in groups(read(in_state(report, s)))] for s in STATES[:3]]
    assert len(uids[0]) == 2
    assert uids[0] == uids[1] == uids[2]


def test_two_findings_of_one_code_and_side_are_told_apart(tmp_path):
    def twice(study):
        one = three_findings(study)[0]
        return (one, replace(one, laterality=Laterality.RIGHT))

    d = read(changed(tmp_path, lambda _: None, twice))
    assert len({held(g, "112040")[0].UID for g in groups(d)}) == len(groups(d)) == 2


def test_a_withdrawal_says_by_whom_and_why_and_no_finding(report):
    one = in_state(report, "rejected")
    d = read(one)
    said = texts(d.ContentSequence[-1], "121073")[0]
    assert groups(d) == []
    assert "WITHDRAWN by Dr C" in said
    assert "wrong patient" in said


def test_an_unread_study_is_never_told_as_empty(report):
    d = read(in_state(report, "unread"))
    said = d.ContentSequence[-1]
    assert [i.ConceptCodeSequence[0].CodeValue for i in held(said, "READ")] == ["READ-NO"]
    assert "AI did not read this" in texts(said, "121073")[0]


def test_no_percentage_without_a_calibrator_of_its_own(tmp_path):
    def pooled(study):
        one, other, _ = three_findings(study)
        return (replace(one, calibrator_id="a/pooled/1"), replace(other, probability=None, calibrator_id=None))

    d = read(changed(tmp_path, lambda _: None, pooled))
    assert [held(g, "111012") for g in groups(d)] == [[], []]


def test_a_broader_published_code_stands_beside_our_own(tmp_path):
    def large(study):
        return (Finding(code="wr:pneumothorax-large", presence=Presence.PRESENT),)

    group = groups(read(changed(tmp_path, lambda _: None, large)))[0]
    found = held(group, "121071")[0].ConceptCodeSequence[0]
    assert (found.CodingSchemeDesignator, found.LongCodeValue) == ("99WETREAD", "wr:pneumothorax-large")
    assert held(group, "276214006")[0].ConceptCodeSequence[0].CodeValue == "36118008"


def test_an_exact_published_code_carries_our_own_as_its_equivalent(report):
    code = held(groups(read(report))[0], "121071")[0].ConceptCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("36118008", "SCT")
    assert code.EquivalentCodeSequence[0].CodeValue == "wr:pneumothorax"


def test_the_reported_procedure_is_the_ordered_examination(report):
    item = held(read(report), "121058")[0].ConceptCodeSequence[0]
    assert (item.CodeValue, item.CodingSchemeDesignator) == ("30799-1", "LN")
    plain = held(read(replace(report, request=None)), "121058")[0].ConceptCodeSequence[0]
    assert plain.CodeMeaning == "Imaging procedure"


def test_a_readers_device_is_another_one_where_its_fingerprint_vendor_or_prompt_changed(report):
    def devices(**changes):
        answer = report.answers[0]
        trace = changes.pop("trace", None)
        one = replace(answer, reader=replace(answer.reader, **changes), trace=trace)
        return read(replace(report, answers=(one,))).ContributingEquipmentSequence[1].DeviceUID

    uids = [
        devices(),
        devices(fingerprint="other"),
        devices(model_id="vendor/other"),
        devices(version="2"),
        devices(trace=Trace(prompt_sha256="ab")),
    ]
    assert len(set(uids)) == len(uids)
    assert devices() == uids[0]


def test_several_readers_findings_are_the_softwares_and_name_each_vote(report):
    first = report.answers[0]
    second = replace(first, reader=replace(first.reader, name="second"))
    joined = replace(report.consensus.findings[0], present_by=("scripted",), absent_by=("second",))
    consensus = replace(report.consensus, findings=(joined,))
    one = replace(report, answers=(first, second), consensus=consensus)
    group = groups(read(one))[0]
    assert problems(one, made(one)) == []
    assert texts(group, "111002") == ["present: scripted", "absent: second"]
    assert held(group, "DISPUTED")


def test_what_only_a_human_told_has_no_algorithm(report):
    one = in_state(report, "final")
    joined = replace(one.consensus.findings[0], present_by=(one.signature.by,), absent_by=())
    group = groups(read(replace(one, consensus=replace(one.consensus, findings=(joined,)))))[0]
    assert texts(group, "111001") == []
    assert held(group, "REVIEW")[0].ConceptCodeSequence[0].CodeValue == "ADDED"


def test_the_only_region_is_told_by_its_centre_too_where_other_findings_have_none(report):
    regions = held(groups(read(report))[0], "111030")
    assert [r.GraphicType for r in regions] == ["POLYLINE", "POINT"]
    assert list(regions[1].GraphicData) == pytest.approx([0.4 * 128, 0.5 * 128])


def test_moments_are_told_in_the_studys_own_time_zone(tmp_path):
    d = read(changed(tmp_path, lambda d: setattr(d, "TimezoneOffsetFromUTC", "+0900")))
    assert (d.TimezoneOffsetFromUTC, d.ContentDate, d.ContentTime) == ("+0900", "20260304", "140607.000000")


def test_a_report_without_its_moment_is_refused(report):
    with pytest.raises(ValueError, match="set made_at"):
        made(replace(report, made_at=None))


def test_a_study_with_a_malformed_uid_is_refused_by_name(report):
    broken = replace(report, study=replace(report.study, study_uid="../etc"))
    with pytest.raises(InputError, match=report.study.ref):
        make_sr(broken, read_originals(report))


def test_a_study_whose_images_say_no_class_can_not_be_referred_to(report):
    series = tuple(replace(s, series_uid=None) for s in report.study.series)
    with pytest.raises(InputError, match="referred to"):
        made(replace(report, study=replace(report.study, series=series)))


def test_a_later_report_cites_a_replaced_final_one(report):
    one = in_state(report, "amended")
    before = Superseded(report_id="wr-x", status=in_state(report, "final").status, made_at=MADE_AT - timedelta(hours=1))
    later = replace(one, supersedes=before)
    assert problems(later, made(later)) == []


def test_study_facts_that_are_missing_stay_empty(tmp_path):
    def emptied(d):
        for word in ("StudyDate", "StudyTime", "StudyID", "ReferringPhysicianName", "PatientBirthDate", "PatientSex"):
            if word in d:
                del d[word]

    one = changed(tmp_path, emptied)
    d = read(one)
    assert [d[w].value for w in ("StudyDate", "StudyTime", "StudyID", "PatientBirthDate", "PatientSex")] == [""] * 5
    assert name_of(d) == "126000"


def test_a_report_of_the_demo_is_read_by_the_same_rules():
    from importlib.resources import files

    folder = files("wetread").joinpath("demo_studies")
    for study in studies_of(folder.joinpath("film-00003940.dcm"), folder.joinpath("MR_small.dcm")):
        one = report_of(study)
        assert problems(one, made(one)) == []
