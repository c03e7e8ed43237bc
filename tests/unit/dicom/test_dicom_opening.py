import os
import tracemalloc

import pytest
from dicom_phantoms import deflated_bomb, slice_of_ct, write
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from wetread.dicom import Limits, check_declared_size, looks_like_dicom, open_dataset
from wetread.errors import FileUnreadable, PixelsUnreadable, TooLarge

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


def meta_end(data: bytes) -> int:
    return 144 + int.from_bytes(data[140:144], "little")


def codes(opened) -> list[str]:
    return [flag.code for flag in opened.flags]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("pixels", [True, False])
def test_every_uncompressed_syntax_opens_without_a_flag(tmp_path, syntax, pixels):
    opened = open_dataset(write(tmp_path / "a", syntax=syntax), "a", pixels=pixels)
    assert (opened.transfer_syntax_uid, opened.flags, opened.pixel_bytes) == (syntax, (), 48)
    assert ("PixelData" in opened.dataset) is pixels
    assert opened.dataset.Rows == 4


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_without_preamble_and_meta_the_encoding_is_recognised(tmp_path, syntax):
    data = write(tmp_path / "a", syntax=syntax).read_bytes()
    (tmp_path / "a").write_bytes(data[meta_end(data) :])
    opened = open_dataset(tmp_path / "a", "a", pixels=True)
    assert opened.transfer_syntax_uid == syntax
    assert codes(opened) == ["no_preamble", "missing_meta", "missing_transfer_syntax"]
    assert opened.dataset.PixelData == bytes(range(48))


def test_a_wrong_meta_length_is_repaired(tmp_path):
    data = bytearray(write(tmp_path / "a").read_bytes())
    data[140:144] = b"\x07\0\0\0"
    (tmp_path / "a").write_bytes(data)
    opened = open_dataset(tmp_path / "a", "a", pixels=True)
    assert codes(opened) == ["wrong_meta_length"]
    assert opened.dataset.Modality == "CT"


def test_a_header_in_another_syntax_than_named_is_read_as_it_is_written(tmp_path):
    explicit, implicit = (write(tmp_path / s, syntax=s).read_bytes() for s in (EXPLICIT, IMPLICIT))
    (tmp_path / "a").write_bytes(explicit[: meta_end(explicit)] + implicit[meta_end(implicit) :])
    opened = open_dataset(tmp_path / "a", "a", pixels=True)
    assert (codes(opened), opened.transfer_syntax_uid) == (["wrong_transfer_syntax"], IMPLICIT)


def test_cut_pixels_are_flagged_and_kept(tmp_path):
    data = write(tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(data[:-20])
    for pixels in (True, False):
        opened = open_dataset(tmp_path / "a", "a", pixels=pixels)
        assert (codes(opened), opened.pixel_bytes) == (["truncated_pixels"], 28)


@pytest.mark.parametrize("vr", [b"O\0", b"ZZ", b"CS"])
def test_pixel_data_of_an_impossible_representation_are_refused_by_name(tmp_path, vr):
    data = write(tmp_path / "x.dcm", syntax=EXPLICIT).read_bytes()
    at = data.index(b"\xe0\x7f\x10\x00") + 4
    (tmp_path / "x.dcm").write_bytes(data[:at] + vr + data[at + 2 :])
    opened = open_dataset(tmp_path / "x.dcm", "x", pixels=True)
    with pytest.raises(PixelsUnreadable, match="0 bytes"):  # that representation has its length elsewhere
        check_declared_size(opened.dataset, "x")


def test_a_cut_header_keeps_what_came_before(tmp_path):
    data = write(tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(data[: data.index(b"Phantom^One") + 5])
    opened = open_dataset(tmp_path / "a", "a", pixels=False)
    assert codes(opened) == ["truncated_header"]
    assert opened.dataset.Modality == "CT"


@pytest.mark.parametrize("content", [b"", b"hello, this is a note", bytes(128) + b"DICM", os.urandom(600)])
def test_what_is_no_dicom_is_refused_by_name(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FileUnreadable, match=r"scan\.dcm: "):
        open_dataset(tmp_path / "a", "scan.dcm", pixels=True)


def test_a_deflate_bomb_is_stopped_at_the_limit(tmp_path):
    path = deflated_bomb(tmp_path / "a", 64 << 20)
    assert path.stat().st_size < 100_000
    with pytest.raises(TooLarge, match="inflates"):
        open_dataset(path, "a", pixels=False, limits=Limits(max_inflated_bytes=1 << 20))


def test_a_false_length_allocates_nothing(tmp_path):
    data = write(tmp_path / "a").read_bytes()
    at = data.index(b"\xe0\x7f\x10\x00OW") + 8
    (tmp_path / "a").write_bytes(data[:at] + (0xFFFFFFF0).to_bytes(4, "little") + data[at + 4 :])
    tracemalloc.start()
    opened = open_dataset(tmp_path / "a", "a", pixels=True)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert codes(opened) == ["truncated_pixels"]


def test_sequences_nested_too_deep_are_refused(tmp_path):
    ds = slice_of_ct()
    inner = Dataset()
    for _ in range(40):
        outer = Dataset()
        outer.ConceptNameCodeSequence = Sequence([inner])
        outer["ConceptNameCodeSequence"].is_undefined_length = True
        outer.ConceptNameCodeSequence[0].is_undefined_length_sequence_item = True
        inner = outer
    ds.ConceptNameCodeSequence = inner.ConceptNameCodeSequence
    ds["ConceptNameCodeSequence"].is_undefined_length = True
    with pytest.raises(TooLarge, match="nested"):
        open_dataset(write(tmp_path / "a", ds), "a", pixels=False)


def test_special_files_and_large_files_are_refused_unread(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileUnreadable, match="regular"):
        open_dataset(tmp_path / "pipe", "pipe", pixels=True)
    with pytest.raises(TooLarge, match="limit"):
        open_dataset(write(tmp_path / "a"), "a", pixels=True, limits=Limits(max_file_bytes=100))


def test_only_wanted_tags_are_kept(tmp_path):
    opened = open_dataset(write(tmp_path / "a"), "a", pixels=False, tags=("Modality",))
    assert [element.keyword for element in opened.dataset] == ["Modality"]


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n" + bytes(200), b"# A readme\n" * 60, b"PK\x03\x04" + bytes(200)])
def test_other_kinds_do_not_look_like_dicom(head):
    assert not looks_like_dicom(head)
