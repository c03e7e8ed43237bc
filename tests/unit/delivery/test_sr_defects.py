"""Planted defects: each change of a good structured report is found by the project's own rules."""

import io
from dataclasses import replace

import pytest
from pydicom import dcmread

from object_states import image, in_state, preliminary
from sr_rules import groups, held, problems
from wetread.delivery.objects.sr import make_sr
from wetread.delivery.originals import read_originals
from wetread.domain.order import Request


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    first = preliminary(image(tmp_path_factory.mktemp("defects")))
    first = replace(first, request=Request(accession_number="ACC-1", placer_number="P", filler_number="F"))
    return {state: in_state(first, state) for state in ("preliminary", "final", "rejected", "unread")}


@pytest.fixture(scope="module")
def good(reports):
    return {state: make_sr(one, read_originals(one)).data for state, one in reports.items()}


def first_code(name):
    return lambda d: held(groups(d)[0], name)[0].ConceptCodeSequence[0]


def set_on(find, keyword, value):
    return lambda d: setattr(find(d), keyword, value)


def without(find, name):
    def change(d):
        item = find(d)
        item.ContentSequence = [c for c in item.ContentSequence if c is not held(item, name)[0]]

    return change


def itself(d):
    return d


def group(d):
    return groups(d)[0]


def region(d):
    return held(group(d), "111030")[0]


def evidence(d):
    return d.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]


def side(d):
    return held(held(group(d), "363698007")[0], "272741003")[0].ConceptCodeSequence[0]


def impression(d):
    return held(d.ContentSequence[-1], "121073")[0]


def predecessor(d):
    return d.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]


def shifted(d):
    region(d).GraphicData = [p + 3 for p in region(d).GraphicData]


def no_finding(d):
    part = held(d, "126010")[0]
    part.ContentSequence = part.ContentSequence[1:]


def swapped(d):
    part = held(d, "126010")[0]
    part.ContentSequence = list(reversed(part.ContentSequence))


def no_device(d):
    d.ContributingEquipmentSequence = d.ContributingEquipmentSequence[:1]


def a_finding_of_the_withdrawn(d):
    d.ContentSequence = [*d.ContentSequence[:-1], d.ContentSequence[0], d.ContentSequence[-1]]
    d.VerificationFlag = "UNVERIFIED"


PLANTED = {
    "preliminary flag": ("preliminary", set_on(itself, "PreliminaryFlag", "FINAL")),
    "verified by nobody": ("preliminary", set_on(itself, "VerificationFlag", "VERIFIED")),
    "partial": ("preliminary", set_on(itself, "CompletionFlag", "PARTIAL")),
    "series description": ("preliminary", set_on(itself, "SeriesDescription", "Report")),
    "another patient": ("preliminary", set_on(itself, "PatientID", "1CT2")),
    "another study": ("preliminary", set_on(itself, "StudyInstanceUID", "1.2.3")),
    "a new instance uid": ("preliminary", set_on(itself, "SOPInstanceUID", "2.25.1")),
    "character set": ("preliminary", set_on(itself, "SpecificCharacterSet", "ISO_IR 100")),
    "title": ("preliminary", set_on(lambda d: d.ConceptNameCodeSequence[0], "CodeValue", "126001")),
    "template": ("preliminary", set_on(lambda d: d.ContentTemplateSequence[0], "TemplateIdentifier", "2000")),
    "finding code": ("preliminary", set_on(first_code("121071"), "CodeValue", "60046008")),
    "finding meaning": ("preliminary", set_on(first_code("121071"), "CodeMeaning", "Pleural effusion")),
    "side": ("preliminary", set_on(side, "CodeValue", "24028007")),
    "side's meaning": ("preliminary", set_on(side, "CodeMeaning", "Right")),
    "absent for present": ("preliminary", set_on(first_code("PRESENCE"), "CodeValue", "272519000")),
    "category": ("preliminary", set_on(first_code("ACTIONABLE"), "CodeValue", "RID49482")),
    "reviewed by nobody": ("preliminary", set_on(first_code("REVIEW"), "CodeValue", "REVIEWED")),
    "certainty": (
        "preliminary",
        set_on(lambda d: held(group(d), "111012")[0].MeasuredValueSequence[0], "NumericValue", "38"),
    ),
    "tracking uid": ("preliminary", set_on(lambda d: held(group(d), "112040")[0], "UID", "2.25.7")),
    "no tracking identifier": ("preliminary", without(group, "112039")),
    "algorithm": ("preliminary", set_on(lambda d: held(group(d), "111001")[0], "TextValue", "other")),
    "no device uid": ("preliminary", without(itself, "121012")),
    "no examination": ("preliminary", without(itself, "121058")),
    "region elsewhere": ("preliminary", shifted),
    "region on another image": (
        "preliminary",
        set_on(lambda d: region(d).ContentSequence[0].ReferencedSOPSequence[0], "ReferencedSOPInstanceUID", "1.2"),
    ),
    "no region": ("preliminary", without(group, "111030")),
    "evidence of another class": (
        "preliminary",
        set_on(evidence, "ReferencedSOPClassUID", "1.2.840.10008.5.1.4.1.1.4"),
    ),
    "evidence of another image": ("preliminary", set_on(evidence, "ReferencedSOPInstanceUID", "1.2")),
    "order": ("preliminary", set_on(lambda d: d.ReferencedRequestSequence[0], "AccessionNumber", "ACC-2")),
    "a finding lost": ("preliminary", no_finding),
    "findings swapped": ("preliminary", swapped),
    "a reader unnamed": ("preliminary", no_device),
    "no banner": ("preliminary", set_on(impression, "TextValue", "Pneumothorax.")),
    "impression": ("preliminary", lambda d: setattr(impression(d), "TextValue", impression(d).TextValue[:70])),
    "signer": ("final", set_on(lambda d: d.VerifyingObserverSequence[0], "VerifyingObserverName", "Dr^B")),
    "no predecessor": ("final", lambda d: d.pop("PredecessorDocumentsSequence")),
    "another predecessor": ("final", set_on(predecessor, "ReferencedSOPInstanceUID", "2.25.9")),
    "withdrawal unverified": ("rejected", a_finding_of_the_withdrawn),
    "withdrawal without its reason": ("rejected", lambda d: setattr(impression(d), "TextValue", "withdrawn")),
    "unread told as empty": (
        "unread",
        lambda d: setattr(impression(d), "TextValue", impression(d).TextValue.replace("never means", "may mean")),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(reports, good, name):
    state, change = PLANTED[name]
    assert problems(reports[state], good[state]) == []
    d = dcmread(io.BytesIO(good[state]))
    change(d)
    file = io.BytesIO()
    d.save_as(file)
    assert problems(reports[state], file.getvalue())
