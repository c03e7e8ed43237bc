"""Names and texts arrive in a structured report intact and inert, whatever set of characters they came in."""

import io
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from object_states import AT, image, in_state, preliminary
from sr_rules import groups, problems, texts
from wetread.delivery.objects import clean
from wetread.delivery.objects.sr import make_sr
from wetread.delivery.originals import read_originals
from wetread.domain.order import Request
from wetread.domain.report import Addendum

HOSTILE = 'x^y & a\\b | c~d <script>alert("1")</script> ]]> 山田 Łukasz\x1b[2J\x07'


def read(report):
    return dcmread(io.BytesIO(make_sr(report, read_originals(report)).data))


def with_name(tmp_path, charset, name, patient_id="P1") -> Path:
    def change(d):
        d.SpecificCharacterSet = charset
        d.PatientName = name
        d.PatientID = patient_id

    return image(tmp_path, change)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 144", "Люксембург"),
        ("ISO_IR 100", "O|BRIEN&CO^A~B<b>"),
    ],
)
def test_a_name_arrives_intact(tmp_path, charset, name):
    d = read(preliminary(with_name(tmp_path, charset, name)))
    assert str(d.PatientName) == name
    assert d.SpecificCharacterSet == "ISO_IR 192"


def test_names_of_real_files_arrive_intact(shared):
    for name in ("pydicom__chrH31.dcm", "pydicom__chrX2.dcm", "pydicom__chrArab.dcm", "pydicom__chrRuss.dcm"):
        one = preliminary(shared / "dicom" / name)
        assert str(read(one).PatientName) == one.study.patient.name


def test_what_a_human_writes_is_inert_text(tmp_path):
    one = in_state(preliminary(image(tmp_path)), "amended")
    one = replace(one, impression=HOSTILE, addenda=(Addendum(text=HOSTILE, by="Dr^B", at=AT),))
    said = texts(read(one).ContentSequence[-1], "121073")[0]
    shown = HOSTILE.replace("\x1b", " ").replace("\x07", "").rstrip()
    assert said.count(shown) == 2
    assert not any(c in said for c in "\x1b\x07")


def test_a_name_too_long_is_cut_and_an_identifier_too_long_is_left_out_rather_than_made_anothers(tmp_path):
    def change(d):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            d.PatientName = "A" * 80 + "^B"
            d.PatientID = "7" * 65
            d.AccessionNumber = "8" * 17

    one = preliminary(image(tmp_path, change))
    d = read(one)
    assert str(d.PatientName) == "A" * 64
    assert (d.PatientID, d.AccessionNumber) == ("", "")


def test_an_order_number_too_long_is_left_out(tmp_path):
    one = preliminary(image(tmp_path))
    one = replace(one, request=Request(accession_number="9" * 17, placer_number="P\\1", filler_number="F"))
    item = read(one).ReferencedRequestSequence[0]
    told = (item.AccessionNumber, item.PlacerOrderNumberImagingServiceRequest)
    assert told == ("", "")
    assert item.FillerOrderNumberImagingServiceRequest == "F"


def test_a_signers_name_is_a_persons_name(tmp_path):
    one = in_state(preliminary(image(tmp_path)), "final")
    one = replace(one, signature=replace(one.signature, by="Dr=A\\B^C^D^E^F^G"))
    name = str(read(one).VerifyingObserverSequence[0].VerifyingObserverName)
    assert name == clean.person_name("Dr=A\\B^C^D^E^F^G") == "Dr=A/B^C^D^E^F G"


def test_a_long_impression_is_told_whole(tmp_path):
    one = replace(preliminary(image(tmp_path)), impression="肺炎 " * 20_000)
    d = read(one)
    assert problems(one, make_sr(one, read_originals(one)).data) == []
    assert len(groups(d)) == 2
