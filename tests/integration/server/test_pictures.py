"""Every image of a study, DICOM or not, in its order and as a picture."""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import generate_uid
from stored_studies import FILM, PICTURE, SLICE, taken_in

from wetread.domain.people import Role

API = "/api/v1"


def listed(house, study_id):
    answer = house.client().get(f"{API}/studies/{study_id}/pictures")
    assert answer.status_code == 200, answer.text
    return answer.json()


def drawn(house, study_id, picture_id, **asked):
    return house.client().get(f"{API}/studies/{study_id}/pictures/{picture_id}.png", params=asked)


def pixels(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def slices(*numbers):
    """Slices of one series, sent in this order of their numbers."""
    ds, uids = pydicom.dcmread(SLICE), [generate_uid(), generate_uid()]
    for number in numbers:
        ds.StudyInstanceUID, ds.SeriesInstanceUID = uids
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.InstanceNumber = number
        kept = io.BytesIO()
        ds.save_as(kept)
        yield kept.getvalue()


def test_slices_stand_in_the_order_of_their_numbers_whatever_came_first(house):
    (study_id,) = taken_in(house, *slices(3, 1, 2))
    told = listed(house, study_id)
    assert [one["number"] for one in told["pictures"]] == [1, 2, 3]
    assert told["study_uid"]
    first = told["pictures"][0]
    assert first["is_dicom"]
    assert (first["rows"], first["columns"], first["modality"], first["frames"]) == (128, 128, "CT", 1)
    assert len({one["picture_id"] for one in told["pictures"]}) == 3


def test_a_picture_that_is_no_dicom_is_listed_under_the_name_that_evidence_uses_and_drawn(small_house):
    (study_id,) = taken_in(small_house, PICTURE)
    told = listed(small_house, study_id)
    (one,) = told["pictures"]
    assert told["study_uid"] is one["sop_instance_uid"] is None
    assert not one["is_dicom"]
    assert one["file"].endswith("/000001"), "the arrival and the object's place in it, as evidence names it"
    shown = pixels(drawn(small_house, study_id, one["picture_id"]))
    own = np.asarray(Image.open(PICTURE).convert("L"))
    assert shown.shape[:2] == own.shape == (one["rows"], one["columns"])
    assert abs(float(shown.mean()) - float(own.mean())) < 0.01 * own.mean()


def test_a_dicom_picture_is_the_one_that_dicomweb_renders(small_house):
    (study_id,) = taken_in(small_house, FILM)
    told = listed(small_house, study_id)
    (one,) = told["pictures"]
    series = f"/dicom-web/studies/{told['study_uid']}/series/{one['series_uid']}"
    path = f"{series}/instances/{one['sop_instance_uid']}/rendered"
    rendered = small_house.client().get(path, headers={"Accept": "image/png"})
    assert drawn(small_house, study_id, one["picture_id"]).content == rendered.content


def test_the_width_is_a_limit_and_never_enlarges(small_house):
    (study_id,) = taken_in(small_house, FILM)
    one = listed(small_house, study_id)["pictures"][0]
    narrow = pixels(drawn(small_house, study_id, one["picture_id"], width=100))
    assert narrow.shape[1] == 100
    assert narrow.shape[0] == round(100 * one["rows"] / one["columns"])
    assert pixels(drawn(small_house, study_id, one["picture_id"], width=4000)).shape[1] == one["columns"]


def test_each_page_of_a_tiff_is_a_frame(small_house):
    pages = [Image.fromarray(np.full((32, 48), grey, np.uint8)) for grey in (10, 200)]
    kept = io.BytesIO()
    pages[0].save(kept, "TIFF", save_all=True, append_images=pages[1:])
    (study_id,) = taken_in(small_house, kept.getvalue())
    one = listed(small_house, study_id)["pictures"][0]
    assert one["frames"] == 2
    assert [int(pixels(drawn(small_house, study_id, one["picture_id"], frame=n)).max()) for n in (1, 2)] == [10, 200]


def test_what_the_browser_holds_is_not_drawn_again_and_the_look_is_in_the_audit(small_house):
    (study_id,) = taken_in(small_house, FILM)
    one = listed(small_house, study_id)["pictures"][0]
    first = drawn(small_house, study_id, one["picture_id"])
    assert "private" in first.headers["cache-control"]
    path = f"{API}/studies/{study_id}/pictures/{one['picture_id']}.png"
    again = small_house.client().get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    lines = small_house.person("root", (Role.RADIOLOGIST,)).get(f"{API}/studies/{study_id}/audit").json()["lines"]
    assert [line["action"] for line in lines if line["action"] == "pixels_view"] == ["pixels_view"] * 2


@pytest.mark.parametrize(("frame", "status"), [(2, 404), (0, 422), (10**9, 422), ("x", 422)])
def test_a_frame_that_is_not_there_is_told(small_house, frame, status):
    (study_id,) = taken_in(small_house, FILM)
    one = listed(small_house, study_id)["pictures"][0]
    answer = drawn(small_house, study_id, one["picture_id"], frame=frame)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_picture_of_another_study_is_not_shown_under_this_ones_name(small_house):
    film, other = taken_in(small_house, FILM, SLICE)
    mine = listed(small_house, film)["pictures"][0]["picture_id"]
    assert drawn(small_house, other, mine).status_code == 404
    assert drawn(small_house, "0" * 32, mine).status_code == 404
    assert small_house.client().get(f"{API}/studies/{'0' * 32}/pictures").status_code == 404


def test_pixels_that_retention_removed_are_told_in_words(small_house):
    (study_id,) = taken_in(small_house, FILM)
    one = listed(small_house, study_id)["pictures"][0]
    for stored in list(small_house.service.blobs.all()):
        small_house.service.blobs.remove(stored.sha256)
    answer = drawn(small_house, study_id, one["picture_id"])
    assert answer.status_code == 404
    assert "no longer kept" in answer.json()["detail"]


def test_pixels_that_can_not_be_decoded_are_told_and_nothing_else_breaks(small_house):
    ds = pydicom.dcmread(FILM)
    ds.StudyInstanceUID, ds.SOPInstanceUID = generate_uid(), generate_uid()
    ds.PixelData = ds.PixelData[:1000]
    kept = io.BytesIO()
    ds.save_as(kept)
    (study_id,) = taken_in(small_house, kept.getvalue())
    (one,) = listed(small_house, study_id)["pictures"]
    answer = drawn(small_house, study_id, one["picture_id"])
    assert answer.status_code == 422
    assert "can't be shown" in answer.json()["detail"]
