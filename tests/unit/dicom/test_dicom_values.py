import math

import pytest
from dicom_phantoms import slice_of_ct, write
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag

from wetread.dicom import (
    Limits,
    age_years,
    check_declared_size,
    frame_count,
    integer,
    iso_date,
    number,
    open_dataset,
    position_mm,
    repair_sos,
    text,
)
from wetread.errors import InputError, PixelsUnreadable, TooLarge


def reopened(tmp_path, **changes):
    return open_dataset(write(tmp_path / "a", **changes), "a", pixels=True).dataset


def test_the_declared_size_of_an_honest_object(tmp_path):
    assert check_declared_size(reopened(tmp_path), "a") == 48


@pytest.mark.parametrize("changes", [{"Rows": 65535, "Columns": 65535}, {"NumberOfFrames": 2_000_000_000}])
def test_a_bomb_is_too_large_before_anything_is_allocated(tmp_path, changes):
    with pytest.raises(TooLarge, match=r"^a: its header declares"):
        check_declared_size(reopened(tmp_path, **changes), "a")


def test_the_limit_holds_for_compressed_pixels_too():
    ds = slice_of_ct()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    assert check_declared_size(ds, "a") == 48
    with pytest.raises(TooLarge):
        check_declared_size(ds, "a", limits=Limits(max_pixels_bytes=40))


@pytest.mark.parametrize("changes", [{"Rows": 5}, {"Rows": 0}, {"Columns": None}, {"BitsAllocated": 7}])
def test_pixels_that_do_not_fit_their_header_are_unreadable(tmp_path, changes):
    with pytest.raises(PixelsUnreadable, match="a: "):
        check_declared_size(reopened(tmp_path, **changes), "a")


def test_frames_that_are_no_number_are_unreadable(tmp_path):
    data = write(tmp_path / "a", NumberOfFrames=12).read_bytes()
    (tmp_path / "a").write_bytes(data.replace(b"IS\x02\x0012", b"IS\x02\x001A"))
    ds = open_dataset(tmp_path / "a", "a", pixels=True).dataset
    with pytest.raises(PixelsUnreadable, match="frames"):
        frame_count(ds, "a")
    assert frame_count(slice_of_ct(), "a") == 1


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 192", "Öztürk^Ayşe"),
    ],
)
def test_names_decode_in_their_character_set(tmp_path, charset, name):
    ds = reopened(tmp_path, SpecificCharacterSet=charset, PatientName=name)
    assert text(ds, "PatientName") == name


def test_unknown_empty_and_malformed_are_none():
    ds = Dataset()
    ds.PatientID = " \0"
    ds.add_new("PixelSpacing", "DS", ["0.5", "0.7"])
    assert text(ds, "PatientID") is None
    assert number(ds, "SliceThickness") is None
    assert number(ds, "PixelSpacing") == 0.5
    assert integer(ds, "PixelSpacing") is None


@pytest.mark.parametrize(("stated", "years"), [("045Y", 45.0), ("006M", 0.5), ("010D", 10 / 365.2425), ("12", None)])
def test_an_age_string_in_years(stated, years):
    ds = Dataset()
    ds.add_new("PatientAge", "LO", stated)
    assert age_years(ds) == pytest.approx(years)


def test_an_age_from_two_dates():
    assert age_years(slice_of_ct()) == pytest.approx(60, abs=0.01)
    assert age_years(slice_of_ct(PatientBirthDate="20300101")) is None
    assert iso_date(slice_of_ct(), "StudyDate") == "2024-03-01"


def test_position_runs_along_the_normal_of_the_slice():
    sagittal = slice_of_ct(ImageOrientationPatient=[0, 1, 0, 0, 0, -1], ImagePositionPatient=[-7, 20, 30])
    assert position_mm(sagittal) == pytest.approx(7)
    assert position_mm(slice_of_ct(SliceLocation=12.5)) == 12.5
    assert position_mm(slice_of_ct()) is None


def test_position_of_a_degenerate_plane_falls_back():
    flat = slice_of_ct(ImageOrientationPatient=[1, 0, 0, 1, 0, 0], ImagePositionPatient=[1, 2, 3], SliceLocation=4)
    assert position_mm(flat) == 4
    assert not math.isnan(position_mm(flat))


def stream(frame: int, end: int) -> bytes:
    sof = b"\xff" + bytes([frame]) + b"\x00\x0b\x0c\x00\x04\x00\x04\x01\x01\x11\x00"
    return (
        b"\xff\xd8" + sof + b"\xff\xda\x00\x08\x01\x01\x00\x00" + bytes([end]) + b"\x00" + b"\x12\xff\x00\x34\xff\xd9"
    )


def test_a_sequential_scan_gets_its_last_coefficient():
    assert repair_sos(stream(0xC1, 0)) == stream(0xC1, 63)


@pytest.mark.parametrize("whole", [stream(0xC1, 63), stream(0xC3, 0), b"no jpeg", b"\xff\xd8\xff\xc1", b""])
def test_any_other_stream_is_left_alone(whole):
    assert repair_sos(whole) == whole


def test_an_element_of_an_impossible_length_is_unknown_and_not_an_error():
    dataset = Dataset()
    dataset[0x00280011] = RawDataElement(BaseTag(0x00280011), "US", 1, b"\x06", 0, False, True)
    assert integer(dataset, "Columns") is None
    dataset.Rows = 4
    with pytest.raises(InputError, match="Columns"):
        check_declared_size(dataset, "damaged")
