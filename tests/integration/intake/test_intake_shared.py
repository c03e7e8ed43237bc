import csv
import time

import pytest

from wetread.domain.study import Study
from wetread.domain.view import Failure
from wetread.intake import Folder

pytestmark = pytest.mark.shared
BROKEN = ("empty", "huge_frames", "huge_rows_cols", "preamble_only", "random_bytes", "truncated_in_header")


@pytest.fixture(scope="module")
def results(shared):
    with Folder() as source:
        return list(source.studies((shared / "dicom",)))


def test_every_file_has_a_place_in_a_study_or_a_clear_failure(shared, results):
    with (shared / "dicom" / "manifest.csv").open() as table:
        names = {row["file"] for row in csv.DictReader(table)}
    placed = {i.path.name for r in results if isinstance(r, Study) for i in r.instances}
    failed = {r.file.rsplit("/", 1)[-1]: r for r in results if isinstance(r, Failure)}
    assert placed | set(failed) == names
    assert not placed & set(failed)
    assert all(f.problem and f.remedy for f in failed.values())


def test_broken_attack_files_fail_and_the_others_are_read(results):
    failed = {r.file.rsplit("/", 1)[-1] for r in results if isinstance(r, Failure)}
    assert {name for name in failed if name.startswith("derived__")} == {f"derived__{name}.dcm" for name in BROKEN}


def test_objects_that_share_a_uid_but_disagree_are_flagged(results):
    traps = [
        i for r in results if isinstance(r, Study) for i in r.instances if i.file.endswith(("test1.dcm", "test5.dcm"))
    ]
    assert len(traps) == 2
    assert all(any(f.code == "duplicate_sop_instance_uid" for f in i.flags) for i in traps)


def test_names_in_every_script_decode(results):
    names = " ".join(r.patient.name or "" for r in results if isinstance(r, Study))
    for part in ("山田", "김희중", "小东", "Люк", "قباني"):
        assert part in names
    assert "\x1b" not in names


def test_each_attack_file_takes_under_five_seconds(shared):
    for path in sorted((shared / "dicom").glob("derived__*")):
        started = time.monotonic()
        with Folder() as source:
            list(source.studies((path,)))
        assert time.monotonic() - started < 10  # start of the guard's process included
