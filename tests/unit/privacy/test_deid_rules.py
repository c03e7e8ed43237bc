"""The table of PS3.15 is whole, its codes are the standard's own, and each action does what the standard says."""

import csv
import io
from collections import Counter

import pytest
from pydicom.datadict import dictionary_description, dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.tag import Tag

from wetread.domain.clinical_data import shipped
from wetread.privacy.deidentify.elements import Cleaner
from wetread.privacy.deidentify.known import gather
from wetread.privacy.deidentify.options import Clean, Dates, Options, Retain, house_rules, words
from wetread.privacy.deidentify.pseudonyms import Pseudonyms
from wetread.privacy.deidentify.table import attribute_rules, content_rules, resolved
from wetread.privacy.deidentify.text import Texts

CT, SEG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4"
ROWS = tuple(csv.DictReader(io.StringIO(shipped("deidentify.csv"))))


def cleaned(dataset, options=None, sop_class=CT, patient="4711"):
    options = options or Options()
    texts = Texts.of(gather(dataset, options.columns()))
    cleaner = Cleaner(
        pseudonyms=Pseudonyms(b"k" * 32), options=options, texts=texts, sop_class_uid=sop_class, patient=patient
    )
    cleaner.clean(dataset, top=True)
    return dataset


def made(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def test_the_table_has_every_row_of_its_edition():
    """Counts of Table E.1-1 in the 2026d edition: 657 rows."""
    assert Counter(row["basic"] for row in ROWS) == {
        "X": 417, "D": 93, "U": 55, "Z": 42, "X/D": 23, "X/Z": 11, "X/Z/D": 8, "Z/D": 6, "X/Z/U*": 2
    }  # fmt: skip
    assert len(attribute_rules()) == 657 - 4  # curves, overlay data and comments, private attributes
    assert len(content_rules()) == 214


def test_names_and_tags_of_the_table_agree_with_the_dictionary():
    known = [row for row in ROWS if len(row["tag"]) == 8 and "x" not in row["tag"] and dictionary_has_tag(row["tag"])]
    assert len(known) > 620
    plain = str.maketrans("", "", " \u2019'-/()\u00b5")
    different = [
        row["name"]
        for row in known
        if dictionary_description(row["tag"]).translate(plain).lower().removesuffix("trial")
        != row["name"].translate(plain).lower().removesuffix("trial")
    ]
    assert len(different) < 15, different


def test_codes_of_the_method_have_the_meaning_that_dicom_gives_them():
    meant = {code.value: code.meaning for code in (getattr(codes.DCM, name) for name in codes.DCM.dir())}
    told = house_rules()["codes"].values()
    assert {code: meant[code] for code, _ in told} == dict(told)


@pytest.mark.parametrize("name", ["identifying", "keyed", "product_names", "kinds", "never"])
def test_every_keyword_in_the_lists_is_one(name):
    assert [word for word in words(name) if tag_for_keyword(word) is None] == []


@pytest.mark.parametrize(
    ("keyword", "sop_class", "top", "wanted"),
    [
        ("InstitutionName", CT, True, "X"),  # type 3
        ("DeviceSerialNumber", CT, True, "X"),
        ("DeviceSerialNumber", SEG, True, "D"),  # type 1 in enhanced equipment
        ("ContentDate", CT, True, "Z"),  # type 2C
        ("DeviceSerialNumber", "1.2.3", True, "D"),  # an unknown class: always valid
        ("OperatorsName", CT, False, "D"),
        ("ReferencedImageSequence", CT, True, "U"),
        ("ReferencedStudySequence", CT, False, "X"),
    ],
)
def test_compound_actions_follow_the_type_of_the_attribute(keyword, sop_class, top, wanted):
    tag = Tag(keyword)
    assert resolved(attribute_rules()[int(tag)].basic, int(tag), sop_class, top=top) == wanted


def test_type_2_elements_are_emptied_and_not_deleted():
    copy = cleaned(made(StudyID="77", PatientSex="F", PatientBirthDate="19370413", ReferringPhysicianName="A^B"))
    assert {keyword: copy[keyword].value or "" for keyword in copy.dir()} == dict.fromkeys(copy.dir(), "")
    assert len(copy) == 4


def test_dates_go_back_together_and_times_stay():
    copy = cleaned(
        made(StudyDate="20200131", SeriesDate="20200201", StudyTime="101112", AcquisitionDateTime="20200131101112.5")
    )
    days = Pseudonyms(b"k" * 32).days_back("4711")
    assert copy.StudyTime == "101112"
    assert copy.AcquisitionDateTime == copy.StudyDate + "101112.5"
    assert copy.StudyDate != "20200131"
    assert 1 <= days <= 3650


@pytest.mark.parametrize(("dates", "wanted"), [(Dates.FULL, "20200131"), (Dates.REMOVED, "")])
def test_dates_are_kept_or_taken_out_where_that_is_asked_for(dates, wanted):
    copy = cleaned(made(StudyDate="20200131"), Options(dates=dates))
    assert (copy.StudyDate or "") == wanted


def test_uids_of_things_are_replaced_and_those_of_kinds_stay():
    source = made(
        SOPClassUID=CT, SOPInstanceUID="1.2.3.4", FrameOfReferenceUID="1.2.840.10008.1.4.1.1", StudyInstanceUID="1.2.3"
    )
    copy = cleaned(source)
    assert copy.SOPClassUID == CT
    assert copy.FrameOfReferenceUID == "1.2.840.10008.1.4.1.1"
    assert copy.SOPInstanceUID.startswith("2.25.")
    assert copy.StudyInstanceUID != copy.SOPInstanceUID


def test_retained_uids_stay_as_they_are():
    copy = cleaned(made(SOPInstanceUID="1.2.3.4"), Options(retain=frozenset((Retain.UIDS,))))
    assert copy.SOPInstanceUID == "1.2.3.4"


def test_private_curve_overlay_and_unknown_elements_are_gone():
    source = made(Rows=4)
    source.private_block(0x0099, "ME", create=True).add_new(1, "LO", "secret")
    source.add_new(0x60003000, "OW", b"\0\0")
    source.add_new(0x60000010, "US", 4)
    source.add_new(0x50000005, "US", 1)
    source.add_new(0x0008FFFE, "LO", "who knows")
    assert [str(tag) for tag in cleaned(source).keys()] == ["(0028,0010)"]  # noqa: SIM118 - tags, not elements


def test_a_name_in_text_that_stays_is_taken_out_and_the_rest_is_kept():
    source = made(PatientName="Quixwhistle^Zebulon", ContentDescription="for Zebulon QUIXWHISTLE, knee", Modality="CT")
    copy = cleaned(source)
    assert "knee" in copy.ContentDescription
    assert "zebulon" not in copy.ContentDescription.lower()


def test_a_name_that_is_a_word_of_medicine_does_not_spoil_codes_and_products():
    source = made(PatientName="Foot^Philips", Manufacturer="Philips")
    source.AnatomicRegionSequence = [made(CodeValue="56459004", CodingSchemeDesignator="SCT", CodeMeaning="Foot")]
    copy = cleaned(source)
    assert copy.Manufacturer == "Philips"
    assert copy.AnatomicRegionSequence[0].CodeMeaning == "Foot"


def test_cleaned_descriptions_keep_words_of_the_field_only():
    options = Options(clean=frozenset((Clean.DESCRIPTORS,)))
    copy = cleaned(made(SeriesDescription="Chest with contrast, told by Thistlewood 5551234"), options)
    assert copy.SeriesDescription.startswith("Chest with contrast")
    assert "Thistlewood" not in copy.SeriesDescription
    assert "555" not in copy.SeriesDescription


def test_characteristics_stay_where_asked_for_but_the_oldest_are_told_as_one():
    options = Options(retain=frozenset((Retain.CHARACTERISTICS,)))
    copy = cleaned(made(PatientSex="F", PatientAge="097Y", PatientWeight="61"), options)
    assert (copy.PatientSex, copy.PatientAge, copy.PatientWeight) == ("F", "090Y", 61)


def test_institution_and_device_stay_where_asked_for():
    options = Options(retain=frozenset((Retain.INSTITUTION, Retain.DEVICE)))
    copy = cleaned(made(InstitutionName="St. Quirin", StationName="CT7", DeviceSerialNumber="8812"), options)
    assert (copy.InstitutionName, copy.StationName, copy.DeviceSerialNumber) == ("St. Quirin", "CT7", "8812")


def content():
    """A small tree with text, a person, a date, a code and a number."""
    name = [made(CodeValue="121071", CodingSchemeDesignator="DCM", CodeMeaning="Finding")]
    code = [made(CodeValue="36118008", CodingSchemeDesignator="SCT", CodeMeaning="Pneumothorax")]
    value = [made(NumericValue="7")]
    kinds = (
        made(ValueType="TEXT", TextValue="told to Thistlewood"), made(ValueType="PNAME", PersonName="A^B"),
        made(ValueType="DATE", Date="20200131"), made(ValueType="CODE", ConceptCodeSequence=code),
        made(ValueType="NUM", MeasuredValueSequence=value),
    )  # fmt: skip
    for item in kinds:
        item.RelationshipType, item.ConceptNameCodeSequence = "CONTAINS", name
    return made(ContentSequence=list(kinds))


def test_a_report_keeps_its_tree_and_nothing_that_it_says():
    text, person, day, code, number = cleaned(content()).ContentSequence
    assert (text.TextValue, person.PersonName) == ("REMOVED", "REMOVED")
    assert day.Date < "20200131"
    assert code.ConceptCodeSequence[0].CodeMeaning == "Unknown"
    assert len(number.MeasuredValueSequence) == 0


def test_a_report_keeps_codes_and_numbers_where_its_content_is_cleaned():
    options = Options(clean=frozenset((Clean.STRUCTURED,)))
    person, _, code, number = cleaned(content(), options).ContentSequence  # text of this concept goes, by the table
    assert person.PersonName == "REMOVED"
    assert code.ConceptCodeSequence[0].CodeMeaning == "Pneumothorax"
    assert number.MeasuredValueSequence[0].NumericValue == 7


def test_every_row_with_one_action_does_what_it_says():
    """Each attribute of the table that has a plain value, planted alone: X is gone, Z empty, D and U another value."""
    looked = 0
    for row in ROWS:
        if len(row["tag"]) != 8 or "x" in row["tag"] or not dictionary_has_tag(row["tag"]) or "/" in row["basic"]:
            continue
        tag, vr = Tag(row["tag"]), dictionary_VR(row["tag"])
        if (
            row["name"] == "Timezone Offset From UTC"
            or vr not in ("LO", "SH", "PN", "LT", "ST", "UT", "UI")
            or tag.group == 2
        ):
            continue
        original = "1.2.3.4.5" if vr == "UI" else "Zzyzx"
        dataset = Dataset()
        dataset.add_new(tag, vr, original)
        copy = cleaned(dataset)
        looked += 1
        if row["basic"] == "X":
            assert tag not in copy, row["name"]
        else:
            assert original not in str(copy[tag].value), row["name"]
            assert bool(copy[tag].value) == (
                row["basic"] in "DU" or row["name"] in ("Patient's Name", "Accession Number")
            )
    assert looked > 250


@pytest.mark.parametrize(("told", "stays"), [("+0200", True), ("-0330", True), ("Zebulon", False)])
def test_only_an_offset_stays_as_an_offset(told, stays):
    assert ("TimezoneOffsetFromUTC" in cleaned(made(TimezoneOffsetFromUTC=told))) == stays
