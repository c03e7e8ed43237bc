"""The quick look at a file's start says what the thorough one says; frames are found in every way they are stored."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from wetread.dicom.frames import find_frames
from wetread.dicom.identity import identity_at_start, read_identity
from wetread.errors import InputError, PixelsUnreadable

FRAMES = [b"\xff\xd8" + bytes([n]) * (10 + 2 * n) + b"\xff\xd9" for n in range(4)]


def dataset(syntax=ExplicitVRLittleEndian, **attributes):
    made = Dataset()
    made.file_meta, made.preamble = FileMetaDataset(), bytes(128)
    made.file_meta.TransferSyntaxUID = syntax
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    item = Dataset()
    item.ReferencedSOPInstanceUID = "9.9.9"
    made.ReferencedImageSequence = [item, item]
    made.PatientName, made.InstanceNumber = "X" * 60, 7
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def written(made, *, undefined=False):
    if undefined:
        made["ReferencedImageSequence"].is_undefined_length = True
        for item in made.ReferencedImageSequence:
            item.is_undefined_length_sequence_item = True
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_the_start_of_a_file_is_enough(syntax, undefined, tmp_path):
    file = written(dataset(syntax, PatientComments="after the identifiers"), undefined=undefined)
    (tmp_path / "x.dcm").write_bytes(file)
    found = identity_at_start(file)
    assert found == read_identity(tmp_path / "x.dcm", "x")
    assert found.sop_uid == "1.2.3.4", "not that of an item"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=8), st.integers(132, 500))
def test_a_spoilt_start_is_read_or_given_up_but_never_fails(place, noise, length):
    file = bytearray(written(dataset()))
    file[place : place + len(noise)] = noise
    found = identity_at_start(bytes(file[:length]))
    assert found is None or found.complete


def test_uids_that_are_none_are_not_believed():
    assert identity_at_start(written(dataset(StudyInstanceUID="1.2/../3"))) is None


def many(value, **attributes):
    shape = {"Rows": 2, "Columns": 2, "SamplesPerPixel": 1, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    made = dataset(JPEGBaseline8Bit, NumberOfFrames=len(FRAMES), PhotometricInterpretation="MONOCHROME2", **shape)
    for name, one in attributes.items():
        setattr(made, name, one)
    made.PixelData = value
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return made


def item(value):
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value


def ways():
    yield "basic offset table", many(encapsulate(FRAMES))
    yield "a fragment each, no table", many(encapsulate(FRAMES, has_bot=False))
    yield "two fragments each, by the table", many(encapsulate(FRAMES, fragments_per_frame=2))
    yield "two fragments each, by the end markers", many(encapsulate(FRAMES, fragments_per_frame=2, has_bot=False))
    value, offsets, lengths = encapsulate_extended(FRAMES)
    yield "extended offset table", many(value, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)
    lies = struct.pack("<4Q", 0, 1 << 40, 5, 7)
    yield "an extended table that lies", many(value, ExtendedOffsetTable=lies, ExtendedOffsetTableLengths=lies)
    yield "a table that lies", many(item(struct.pack("<4L", 0, 1, 2, 3)) + b"".join(map(item, FRAMES)))
    yield "a table of another length", many(item(struct.pack("<2L", 0, 30)) + b"".join(map(item, FRAMES)))


@pytest.mark.parametrize(("made", "way"), [(made, way) for way, made in ways()], ids=[way for way, _ in ways()])
def test_compressed_frames_are_found(made, way, tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(written(made))
    places = find_frames(path, "x")
    held = path.read_bytes()
    found = [b"".join(held[start : start + size] for start, size in places.of(n)) for n in range(places.frames)]
    assert [one.rstrip(b"\0") for one in found] == [one.rstrip(b"\0") for one in FRAMES]


def test_fewer_frames_than_declared_are_refused(tmp_path):
    path = tmp_path / "x.dcm"
    path.write_bytes(written(many(encapsulate(FRAMES[:2], has_bot=False))))
    with pytest.raises(PixelsUnreadable, match="fewer pictures"):
        find_frames(path, "x")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=12))
def test_spans_never_leave_the_file(tmp_path_factory, place, noise):
    file = bytearray(written(many(encapsulate(FRAMES))))
    file[place : place + len(noise)] = noise
    path = tmp_path_factory.mktemp("spoilt") / "x.dcm"
    path.write_bytes(file)
    try:
        places = find_frames(path, "x")
    except InputError:
        return
    assert all(
        start >= 0 and start + size <= len(file) for n in range(min(places.frames, 99)) for start, size in places.of(n)
    )
