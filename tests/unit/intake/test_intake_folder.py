import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from dicom_phantoms import slice_of_ct, write
from PIL import Image
from pydicom.fileset import FileSet

from wetread.domain.study import InstanceKind, Study
from wetread.domain.view import Failure
from wetread.guard import Inline
from wetread.intake import ArchiveLimits, Declared, Folder


def read(*where, **options):
    """(studies, failures) of what is given."""
    with Folder(isolation=Inline(), **options) as source:
        results = list(source.studies(tuple(where)))
    return [r for r in results if isinstance(r, Study)], [r for r in results if isinstance(r, Failure)]


def ct(path, number, **changes):
    changes = {"SOPInstanceUID": f"1.2.3.4.{number}", "InstanceNumber": number, **changes}
    return write(path, **changes)


def png(path, shape=(5, 7), dtype=np.uint8):
    cv2.imwrite(str(path.with_suffix(".png")), np.zeros(shape, dtype))
    return path.with_suffix(".png").rename(path)


def test_objects_are_grouped_and_sorted_by_position(tmp_path):
    for number, z in ((1, 30), (2, 10), (3, 20)):
        ct(tmp_path / f"f{number}", number, ImageOrientationPatient=[1, 0, 0, 0, 1, 0], ImagePositionPatient=[0, 0, z])
    ct(tmp_path / "other", 9, SeriesInstanceUID="1.2.3.5", SeriesNumber=1)
    (study,), failures = read(tmp_path)
    assert not failures
    assert [i.instance_number for i in study.series[1].instances] == [2, 3, 1]
    assert study.series[0].number == 1
    assert study.ref.startswith("st-")
    assert study.patient.age_years == pytest.approx(60, abs=0.1)


def test_the_kind_is_told_by_content_and_never_by_name(tmp_path):
    png(tmp_path / "a.dcm")
    ct(tmp_path / "b.png", 1)
    studies, _ = read(tmp_path)
    assert [s.instances[0].kind for s in studies] == [InstanceKind.PICTURE, InstanceKind.DICOM_IMAGE]


def test_text_beside_images_is_left_out_but_a_named_one_fails(tmp_path):
    ct(tmp_path / "IM1", 1)
    (tmp_path / "README").write_text("What this is: grün\n")
    (tmp_path / ".DS_Store").write_bytes(b"\0\1")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf")
    assert read(tmp_path)[1] == []
    assert "text file" in read(tmp_path / "README")[1][0].problem


def test_what_is_broken_is_a_failure_and_the_rest_goes_on(tmp_path):
    ct(tmp_path / "IM1", 1)
    (tmp_path / "empty").touch()
    (tmp_path / "random").write_bytes(os.urandom(500))
    studies, failures = read(tmp_path, tmp_path / "absent")
    assert len(studies) == 1
    assert [Path(f.file).name for f in failures] == ["empty", "random", "absent"]
    assert all(f.problem and f.remedy for f in failures)


def test_a_link_loop_ends_and_a_file_given_twice_counts_once(tmp_path):
    ct(tmp_path / "IM1", 1)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "IM1")
    (study,), _ = read(tmp_path, tmp_path / "IM1")
    assert len(study.instances) == 1
    assert study.instances[0].flags == ()


def test_identical_bytes_count_once_and_are_flagged(tmp_path):
    (tmp_path / "copy").write_bytes(ct(tmp_path / "IM1", 1).read_bytes())
    (study,), _ = read(tmp_path)
    assert [f.code for i in study.instances for f in i.flags] == ["duplicate_file"]


def test_one_uid_with_different_headers_is_kept_apart_and_flagged(tmp_path):
    ct(tmp_path / "a", 1)
    ct(tmp_path / "b", 1, Modality="MR")
    (study,), _ = read(tmp_path)
    assert [[f.code for f in i.flags] for i in study.instances] == [["duplicate_sop_instance_uid"]] * 2
    assert [f.code for f in study.flags] == ["duplicate_sop_instance_uid"]
    assert study.series[0].modality is None


def test_two_patients_in_one_study_are_flagged_without_naming_them(tmp_path):
    ct(tmp_path / "a", 1)
    ct(tmp_path / "b", 2, PatientID="P2")
    (study,), _ = read(tmp_path)
    assert [f.code for f in study.flags] == ["patient_mismatch"]
    assert "P2" not in study.flags[0].text


def test_without_a_study_uid_each_file_is_its_own_study(tmp_path):
    ct(tmp_path / "a", 1, StudyInstanceUID=None)
    ct(tmp_path / "b", 2, StudyInstanceUID=None)
    studies, _ = read(tmp_path)
    assert len({s.ref for s in studies}) == 2


def test_a_path_in_a_uid_is_only_a_flag(tmp_path):
    ct(tmp_path / "a", 1, SOPInstanceUID="../../etc/passwd")
    (study,), _ = read(tmp_path)
    assert [f.code for f in study.instances[0].flags] == ["invalid_uid"]


@pytest.mark.parametrize("changes", [{"Rows": 65535, "Columns": 65535}, {"NumberOfFrames": 2_000_000_000}, {"Rows": 0}])
def test_impossible_dimensions_are_a_failure(tmp_path, changes):
    studies, (failure,) = read(ct(tmp_path / "a", 1, **changes))
    assert not studies
    assert failure.file.endswith("a")


def test_an_object_without_pixels_is_no_image(tmp_path):
    ct(tmp_path / "a", 1, PixelData=None, Modality="SR")
    (study,), _ = read(tmp_path)
    assert not study.instances[0].is_image


@pytest.mark.parametrize(
    ("changes", "projection", "body_part"),
    [
        ({"Modality": "DX", "ViewPosition": "LL", "BodyPartExamined": "Thorax"}, "LATERAL", "CHEST"),
        ({"Modality": "CR", "SeriesDescription": "Chest pa"}, "PA", None),
        ({"Modality": "CR", "SeriesDescription": "Thorax PA/LAT"}, None, None),
        ({"Modality": "CT", "SeriesDescription": "Chest AP"}, None, None),
    ],
)
def test_projection_and_body_part_only_where_they_are_said(tmp_path, changes, projection, body_part):
    (study,), _ = read(ct(tmp_path / "a", 1, **changes))
    assert (study.instances[0].projection, study.instances[0].body_part) == (projection, body_part)


def test_what_is_declared_fills_pictures_and_never_overrules_a_header(tmp_path):
    png(tmp_path / "film.png", (5, 7), np.uint16)
    ct(tmp_path / "z", 1)
    (film, other), _ = read(tmp_path, declared=Declared(modality="dx", body_part="thorax", projection="ll"))
    picture = film.instances[0]
    assert (picture.modality, picture.body_part, picture.projection) == ("DX", "CHEST", "LATERAL")
    assert (picture.rows, picture.columns, picture.colour) == (5, 7, False)
    assert (other.instances[0].modality, other.instances[0].body_part) == ("CT", None)


def test_pictures_tell_size_colour_pages_and_orientation(tmp_path):
    pages = [Image.new("L", (9, 4)) for _ in range(3)]
    pages[0].save(tmp_path / "1.tif", save_all=True, append_images=pages[1:])
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (8, 6)).save(tmp_path / "2.jpg", exif=exif)
    studies, failures = read(tmp_path)
    seen = [(i.rows, i.columns, i.frames, i.colour, [f.code for f in i.flags]) for s in studies for i in s.instances]
    assert not failures
    assert seen == [(4, 9, 3, False, []), (8, 6, 1, True, ["exif_orientation"])]


def test_a_picture_bomb_and_a_cut_picture_are_failures(tmp_path):
    data = png(tmp_path / "p").read_bytes()
    (tmp_path / "bomb").write_bytes(data[:16] + b"\0\0\xff\xff" * 2 + data[24:])
    (tmp_path / "cut").write_bytes(data[:30])
    assert len(read(tmp_path / "bomb", tmp_path / "cut")[1]) == 2


def packed(path, members, mode=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", mode) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_archives_are_read_also_nested_and_named_by_their_members(tmp_path):
    one, two = ct(tmp_path / "a", 1).read_bytes(), ct(tmp_path / "b", 2).read_bytes()
    inner = packed(tmp_path / "inner", {"deep/IM2": two}).read_bytes()
    outer = packed(tmp_path / "scan.zip", {"IM1": one, "inner.zip": inner, "README": "hello"})
    source = Folder(isolation=Inline())
    (study,) = source.studies((outer,))
    assert [i.file for i in study.instances] == [f"{outer}!IM1", f"{outer}!inner.zip!deep/IM2"]
    spooled = study.instances[0].path
    assert spooled.read_bytes() == one
    source.close()
    assert not spooled.exists()


def test_archive_attacks_are_refused_and_nothing_lands_outside(tmp_path):
    data = ct(tmp_path / "a", 1).read_bytes()
    evil = packed(tmp_path / "evil.zip", {"../../up": data, "/abs": data, "C:\\win": data, "ok": data})
    (study,), failures = read(evil)
    assert len(study.instances) == 1
    assert len(failures) == 3
    assert not (tmp_path.parent / "up").exists()


def test_archive_bombs_are_stopped(tmp_path):
    bomb = packed(tmp_path / "bomb.zip", {"zeros": bytes(8 << 20)})
    limits = ArchiveLimits(ratio_floor_bytes=1 << 20)
    assert "inflates" in read(bomb, archives=limits)[1][0].problem
    many = packed(tmp_path / "many.zip", {str(n): b"" for n in range(20)})
    assert "entries" in read(many, archives=ArchiveLimits(max_entries=10))[1][0].problem


def test_encrypted_and_damaged_archives_are_clear_failures(tmp_path):
    whole = bytearray(packed(tmp_path / "a.zip", {"x": b"secret" * 50}, zipfile.ZIP_STORED).read_bytes())
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    _, failures = read(tmp_path / "locked.zip", tmp_path / "cut.zip")
    assert [f.problem for f in failures] == ["it is encrypted", "the archive is damaged"]


def test_a_dicomdir_is_an_index_whose_missing_files_are_one_failure(tmp_path):
    files = FileSet()
    for number in (1, 2, 3):
        files.add(
            ct(tmp_path / str(number), number, StudyTime="1200", StudyID="1", SeriesNumber=1, AccessionNumber="1")
        )
    files.write(tmp_path / "cd")
    (study,), failures = read(tmp_path / "cd" / "DICOMDIR")
    assert (len(study.instances), failures) == (3, [])
    next(p for p in sorted((tmp_path / "cd").rglob("*")) if p.is_file() and p.name != "DICOMDIR").unlink()
    (study,), (failure,) = read(tmp_path / "cd")
    assert len(study.instances) == 2
    assert failure.problem.startswith("1 of the 3 files")


def test_a_series_is_read_through_the_guard(tmp_path):
    for number in range(5):
        ct(tmp_path / str(number), number)
    with Folder() as source:
        (study,) = source.studies((tmp_path,))
    assert len(study.instances) == 5
    assert slice_of_ct().StudyInstanceUID == study.study_uid


def test_two_pictures_of_the_same_bytes_are_two_studies_with_names_of_their_own(tmp_path):
    picture = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(picture)
    with Folder(isolation=Inline()) as source:
        studies = list(source.studies((tmp_path,)))
    assert [Path(s.instances[0].file).name for s in studies] == ["a.png", "b.png"]
    assert len({s.ref for s in studies}) == 2
