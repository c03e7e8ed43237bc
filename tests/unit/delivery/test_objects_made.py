"""All objects of a report: what is made in each state, again and again the same, and nothing that is not true."""

import io
from dataclasses import replace

import pytest
from pydicom import dcmread

from object_rules import problems, read
from object_states import STATES, image, in_state, preliminary
from wetread.delivery.made import Kind
from wetread.delivery.objects.make import make_objects
from wetread.domain.report import Report
from wetread.errors import InputError
from wetread.reporting.as_pdf import as_pdf

OURS = (Kind.SC, Kind.GSPS, Kind.PDF, Kind.KO)


def render(report: Report, form: str) -> bytes:
    assert form == "pdf"
    return as_pdf(report)


def never(report: Report, form: str) -> bytes:
    raise AssertionError("nobody asked for a document")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    return preliminary(image(tmp_path_factory.mktemp("one")))


@pytest.mark.parametrize("state", STATES)
def test_every_object_of_every_state_says_what_the_report_says(report, state):
    given = in_state(report, state)
    for made in make_objects(given, OURS, render):
        assert problems(given, made.kind, made.data) == []


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("preliminary", ["sc", "gsps", "pdf", "sr", "ko"]),
        ("final", ["sc", "gsps", "pdf", "sr", "ko"]),
        ("rejected", ["sc", "pdf", "sr", "ko"]),
        ("unread", ["sc", "pdf", "sr", "ko"]),
    ],
)
def test_pictures_come_first_and_key_objects_last_and_nothing_is_drawn_that_nobody_found(report, state, kinds):
    assert [made.kind.value for made in make_objects(in_state(report, state), tuple(Kind), render)] == kinds


@pytest.mark.parametrize("state", STATES)
def test_objects_made_again_are_byte_identical(report, state):
    given = in_state(report, state)
    assert make_objects(given, tuple(Kind), render) == make_objects(given, tuple(Kind), render)


def test_a_later_report_of_the_study_makes_objects_of_other_names(report):
    first = {made.sop_instance_uid for made in make_objects(report, tuple(Kind), render)}
    later = {made.sop_instance_uid for made in make_objects(in_state(report, "final"), tuple(Kind), render)}
    assert not first & later


def test_only_what_is_asked_for_is_made(report):
    assert [made.kind for made in make_objects(report, [Kind.KO], never)] == [Kind.KO]


def test_what_is_told_of_an_object_is_what_its_bytes_say(report):
    for made in make_objects(report, tuple(Kind), render):
        dataset = read(made)
        assert (dataset.SOPClassUID, dataset.SOPInstanceUID) == (made.sop_class_uid, made.sop_instance_uid)
        assert dataset.SeriesInstanceUID == made.series_uid
        assert dataset.file_meta.TransferSyntaxUID == made.transfer_syntax_uid


def test_a_withdrawal_of_what_was_never_given_names_no_key_objects(report):
    given = replace(in_state(report, "rejected"), supersedes=None)
    assert [made.kind.value for made in make_objects(given, tuple(Kind), render)] == ["sc", "pdf", "sr"]


def test_a_study_without_a_uid_is_refused_with_what_to_do(report):
    nameless = replace(report, study=replace(report.study, study_uid=None))
    with pytest.raises(InputError, match="no DICOM image that a DICOM object could belong to"):
        make_objects(nameless, OURS, render)


def test_names_with_delimiters_and_foreign_letters_arrive_intact(tmp_path):
    def rename(dataset):
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName = "Yamada^Tarou<b>&|~=山田^太郎=やまだ^たろう"
        dataset.BodyPartExamined = "CHEST"

    given = preliminary(image(tmp_path, rename))
    for made in make_objects(given, OURS, render):
        name = dcmread(io.BytesIO(made.data)).PatientName
        assert str(name) == "Yamada^Tarou<b>&|~=山田^太郎=やまだ^たろう"
