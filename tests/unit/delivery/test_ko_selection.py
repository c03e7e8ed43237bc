"""Key objects: the images that matter, or what is taken back."""

from dataclasses import replace

import pytest

from object_rules import read
from object_states import image, in_state, preliminary
from wetread.delivery.made import Kind, instance_uid, series_uid
from wetread.delivery.objects.ko import make_ko
from wetread.delivery.objects.make import make_objects, presentation_states_of
from wetread.delivery.originals import read_originals
from wetread.domain.finding import Evidence, Finding, Presence
from wetread.domain.report import Report
from wetread.errors import InputError


def number(uid: str, at: int):
    def change(dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{uid}.{at}"
        dataset.InstanceNumber = at

    return change


def evidence(instance, frame: int = 1) -> Evidence:
    place = {"box": (0.1, 0.2, 0.5, 0.6), "origin": "cam", "frame": frame}
    return Evidence(file=instance.file, sop_instance_uid=instance.sop_instance_uid, **place)


def on_the_second(study) -> tuple[Finding, ...]:
    seen = next(i for i in study.instances if i.sop_instance_uid == "1.2.3.2")
    return (Finding(code="wr:pneumothorax", presence=Presence.PRESENT, evidence=(evidence(seen),)),)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    folder = tmp_path_factory.mktemp("three")
    paths = [image(folder, number("1.2.3", at), f"{at}.dcm") for at in (1, 2, 3)]
    return preliminary(*paths, script=on_the_second)


def key_object(report: Report, **more):
    return read(make_ko(report, read_originals(report), **more))


def named(dataset) -> list[str]:
    items = [item for item in dataset.ContentSequence if item.ValueType in ("IMAGE", "COMPOSITE")]
    return [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in items]


def described(dataset) -> str:
    return next(i.TextValue for i in dataset.ContentSequence if "113012" in str(i.get("ConceptNameCodeSequence")))


def test_the_image_with_the_evidence_is_the_key_image(report):
    assert named(key_object(report)) == ["1.2.3.2"]


def test_the_description_tells_banner_urgency_and_findings(report):
    said = described(key_object(report))
    assert said.splitlines()[0] == "AI PRELIMINARY - NOT VERIFIED"
    assert report.banner in said
    assert "AI pneumothorax (preliminary)" in said
    assert report.urgency.priority.value in said


def test_an_unread_study_says_that_nobody_read_it(report):
    said = described(key_object(in_state(report, "unread")))
    assert "UNREAD" in said
    assert "did not read" in said


def test_who_signed_stands_in_the_description(report):
    assert "signed by Dr A. Signer" in described(key_object(in_state(report, "final")))


def test_a_withdrawal_names_each_object_that_the_destination_was_given(report):
    given = in_state(report, "rejected")
    dataset = read(make_objects(given, tuple(Kind), lambda *_: b"%PDF-1.4 nothing")[-1])
    expected = {instance_uid(report.report_id, kind) for kind in Kind}
    assert set(named(dataset)) == expected
    made = {one.sop_instance_uid for one in make_objects(report, tuple(Kind), lambda *_: b"%PDF-1.4 nothing")}
    assert made == expected
    series = dataset.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert {one.SeriesInstanceUID for one in series} == {series_uid(report.report_id, kind) for kind in Kind}


def test_a_withdrawal_names_only_the_kinds_that_were_given(report):
    dataset = key_object(in_state(report, "rejected"), given={Kind.SR, Kind.KO})
    assert set(named(dataset)) == {instance_uid(report.report_id, kind) for kind in (Kind.SR, Kind.KO)}
    assert "Reason: wrong patient" in described(dataset)


def test_a_withdrawal_knows_how_many_presentation_states_there_were(report):
    given = in_state(report, "rejected")
    assert presentation_states_of(given, given.supersedes) == 1
    assert presentation_states_of(given, replace(given.supersedes, findings=())) == 0


def test_taking_back_nothing_is_an_error(report):
    with pytest.raises(InputError, match="takes nothing back"):
        key_object(replace(in_state(report, "rejected"), supersedes=None))


def test_an_image_of_a_vendors_own_class_is_named_as_an_object(tmp_path):
    def private(dataset):
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.3.46.670589.11.0.0.12.1"

    (item,) = key_object(preliminary(image(tmp_path, private))).ContentSequence[-1:]
    assert item.ValueType == "COMPOSITE"
