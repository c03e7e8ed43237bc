"""WADO-RS: caches, media types, bulk data, pictures."""

import gzip
import json

import cv2
import numpy as np
import pytest
from dicomweb_house import multipart, parts_of
from dicomweb_objects import file_of, slice_of
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from sqlalchemy import select

from wetread.store.tables import audit, series_metadata

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def send(house, *datasets):
    body, kind = multipart(*map(file_of, datasets))
    with house.client() as client:
        assert client.post(f"{house.web}/studies", content=body, headers={"Content-Type": kind}).status_code == 200
    assert house.ingest() == []


def get(house, path, **headers):
    with house.client() as client:
        return client.get(
            f"{house.web}/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def address(one):
    return f"studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"


def series_of(one):
    return f"studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}"


@pytest.fixture(scope="module")
def one(house):
    """A slice with everything that is awkward in a header."""
    item = Dataset()
    item.PixelSpacing = [0.0, 0.0]
    item.RedPaletteColorLookupTableData = bytes(range(256)) * 8
    made = slice_of(side=32, PixelSpacing=[0, 0], ImagerPixelSpacing=[0.2, 0.2], SpecificCharacterSet="ISO_IR 100")
    made.PatientName = "Müller^Jörg"
    made.SourceImageSequence = [item]
    made.add_new(0x00091001, "OB", bytes(5000))
    made.add_new(0x00090010, "LO", "TEST")
    made.add_new(0x00189318, "FD", float("nan"))
    send(house, made)
    return made


def test_metadata_is_made_once_and_kept_gzipped(house, one):
    first = get(house, f"{series_of(one)}/metadata", Accept_Encoding="gzip")
    with house.service.database.read() as connection:
        kept = {bytes(row.body) for row in connection.execute(select(series_metadata))}
    assert json.loads(gzip.decompress(next(b for b in kept if json.loads(gzip.decompress(b)) == first.json())))
    plain = get(house, f"{series_of(one)}/metadata", Accept_Encoding="identity")
    assert "content-encoding" not in plain.headers
    assert plain.json() == first.json() == get(house, f"studies/{one.StudyInstanceUID}/metadata").json()


def test_metadata_grows_with_its_series(house):
    first = slice_of()
    second = slice_of(first.StudyInstanceUID, first.SeriesInstanceUID, InstanceNumber=2)
    send(house, first)
    before = get(house, f"{series_of(first)}/metadata")
    assert get(house, f"{series_of(first)}/metadata", If_None_Match=before.headers["etag"]).status_code == 304
    send(house, second)
    after = get(house, f"{series_of(first)}/metadata", If_None_Match=before.headers["etag"])
    assert (len(before.json()), len(after.json())) == (1, 2)


def test_a_spacing_of_zero_is_left_out_at_every_depth(house, one):
    (told,) = get(house, f"{address(one)}/metadata").json()
    assert "00280030" not in told
    assert told["00181164"]["Value"] == [0.2, 0.2]
    assert "00280030" not in told["00082112"]["Value"][0]


def test_metadata_is_utf_8_and_json_whatever_the_header_holds(house, one):
    (told,) = get(house, f"{address(one)}/metadata").json()
    assert told["00080005"]["Value"] == ["ISO_IR 192"]
    assert told["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg"}]
    assert told["00189318"]["Value"] == [None]


def test_large_values_are_named_by_a_uri_that_gives_them(house, one):
    (told,) = get(house, f"{address(one)}/metadata").json()
    nested = told["00082112"]["Value"][0]["00281201"]["BulkDataURI"]
    for uri, expected in (
        (told["00091001"]["BulkDataURI"], bytes(5000)),
        (nested, bytes(range(256)) * 8),
        (told["7FE00010"]["BulkDataURI"], one.PixelData),
    ):
        (value,) = parts_of(get(house, uri.removeprefix("/dicom-web/")))
        assert value == expected
    alone = get(house, nested.removeprefix("/dicom-web/"), Accept="application/octet-stream")
    assert alone.content == bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("steps", "status"),
    [("00100010", 404), ("0040A730", 404), ("x/../y", 400), ("00100010/x/00100010", 400), ("12", 400)],
)
def test_bulk_data_that_is_none_is_refused(house, one, steps, status):
    assert get(house, f"{address(one)}/bulkdata/{steps}").status_code == status


def test_frames_may_be_kept_for_ever_and_are_not_sent_again(house, one):
    first = get(house, f"{address(one)}/frames/1")
    assert "immutable" in first.headers["cache-control"]
    assert first.headers["cache-control"].startswith("private")
    again = get(house, f"{address(one)}/frames/1", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


def test_objects_are_given_as_stored_or_not_at_all(house, one):
    other = slice_of(one.StudyInstanceUID, generate_uid(), SeriesNumber=2)
    other.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    send(house, other)
    only = f'multipart/related; type="application/dicom"; transfer-syntax={ImplicitVRLittleEndian}'
    study = get(house, f"studies/{one.StudyInstanceUID}", Accept=only)
    assert (study.status_code, "left out" in study.headers["warning"]) == (206, True)
    assert file_of(other) in study.content
    assert get(house, address(one), Accept=only).status_code == 406
    assert get(house, address(one), Accept="image/png").status_code == 406
    assert get(house, address(one), Accept="application/dicom").content == file_of(one)
    assert len(parts_of(get(house, f"studies/{one.StudyInstanceUID}", Accept=AS_STORED))) == 2


def test_of_objects_that_claim_one_identifier_the_first_is_given_and_both_are_kept(house):
    first, second = slice_of(), slice_of()
    second.StudyInstanceUID, second.SeriesInstanceUID = first.StudyInstanceUID, first.SeriesInstanceUID
    second.SOPInstanceUID = first.SOPInstanceUID
    second.WindowCenter = 99
    send(house, first)
    send(house, second)
    got = get(house, address(first), Accept=AS_STORED)
    assert parts_of(got) == [file_of(first)]
    assert "same SOP Instance UID" in got.headers["warning"]
    assert len(get(house, f"studies/{first.StudyInstanceUID}/instances").json()) == 1
    (study,) = get(house, f"studies?StudyInstanceUID={first.StudyInstanceUID}").json()
    assert study["00201208"]["Value"] == [2]


def picture(answer):
    assert answer.status_code == 200, answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_a_picture_has_the_grey_levels_of_the_window_that_was_asked_for(house, one):
    stored = np.frombuffer(one.PixelData, "<u2").reshape(32, 32).astype(float)
    shown = picture(get(house, f"{address(one)}/rendered?window=100,50,linear", Accept="image/png"))
    expected = np.clip((stored - (100 - 0.5)) / 49 + 0.5, 0, 1) * 255  # PS3.3 C.11.2.1.2.1
    assert np.abs(shown - expected).max() <= 1
    own = picture(get(house, f"{address(one)}/rendered", Accept="image/png"))
    assert np.abs(own - np.clip((stored - 127.5) / 255 + 0.5, 0, 1) * 255).max() <= 1


def test_a_picture_fits_the_viewport_and_shows_the_region(house, one):
    small = picture(get(house, f"{address(one)}/rendered?viewport=16,8", Accept="image/png"))
    assert small.shape == (8, 8)
    part = picture(get(house, f"{address(one)}/rendered?viewport=16,16,8,4,16,16", Accept="image/png"))
    whole = picture(get(house, f"{address(one)}/rendered", Accept="image/png"))
    assert np.array_equal(part, whole[4:20, 8:24])
    assert picture(get(house, f"{address(one)}/rendered?viewport=64,64", Accept="image/png")).shape == (64, 64)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("window=1", 400),
        ("window=1,nan", 400),
        ("window=1,0", 422),
        ("window=1,2,cubic", 400),
        ("viewport=0,10", 400),
        ("viewport=99999,10", 400),
        ("viewport=a,b", 400),
        ("viewport=10,10,500,500,5,5", 422),
        ("viewport=10,10,-4,0,5,5", 422),
    ],
)
def test_a_picture_that_cannot_be_is_refused(house, one, query, status):
    assert get(house, f"{address(one)}/rendered?{query}").status_code == status


def test_thumbnails_are_small_and_there_for_every_level(house, one):
    for path in (address(one), series_of(one), f"studies/{one.StudyInstanceUID}", f"{address(one)}/frames/1"):
        assert picture(get(house, f"{path}/thumbnail")).shape == (32, 32), "never enlarged"
    assert picture(get(house, f"{series_of(one)}/thumbnail?viewport=8,8")).shape == (8, 8)


@pytest.mark.parametrize(
    ("frames", "status"), [("2", 404), ("0", 404), ("x", 400), ("1,,2", 400), ("-1", 400), ("1,1", 200)]
)
def test_frames_are_counted_from_one(house, one, frames, status):
    assert get(house, f"{address(one)}/frames/{frames}").status_code == status


def test_single_bits_start_at_a_byte_of_their_own(house):
    made = slice_of(side=3, BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=2)
    bits = np.array([1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1], np.uint8)
    made.PixelData = np.packbits(bits, bitorder="little").tobytes() + b"\0"
    send(house, made)
    parts = parts_of(get(house, f"{address(made)}/frames/1,2"))
    assert [np.unpackbits(np.frombuffer(p, np.uint8), bitorder="little")[:9].tolist() for p in parts] == [
        bits[:9].tolist(),
        bits[9:].tolist(),
    ]


def test_every_answer_leaves_one_line_in_the_audit_that_names_the_study_by_its_id(house, one):
    def lines():
        with house.service.database.read() as connection:
            return connection.execute(select(audit).order_by(audit.c.seq)).mappings().all()

    before = len(lines())
    for path in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail"):
        get(house, address(one) + path)
    added = lines()[before:]
    assert [line["action"] for line in added] == [
        "pixels_view",
        "study_view",
        "pixels_view",
        "pixels_view",
        "pixels_view",
    ]
    assert all(line["object"].startswith("study/") and one.StudyInstanceUID not in line["object"] for line in added)


def test_an_object_whose_pixels_are_gone_is_not_found(house):
    made = slice_of()
    send(house, made)
    import hashlib

    house.service.blobs.remove(hashlib.sha256(file_of(made)).hexdigest())
    assert get(house, address(made)).status_code == 404
    assert get(house, f"{address(made)}/frames/1").status_code == 404
    assert get(house, f"{address(made)}/rendered").status_code == 404
    (told,) = get(house, f"{address(made)}/metadata").json()
    assert told["00080018"]["Value"] == [made.SOPInstanceUID], "what the store knows is still said"
