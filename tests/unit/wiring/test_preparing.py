"""What a hostile object breaks is its own picture and nothing else."""

from wetread.domain.view import ViewPlan
from wetread.errors import FileUnreadable, TookTooLong
from wetread.guard import Inline
from wetread.intake import Folder
from wetread.testing import phantoms
from wetread.wiring.preparing import prepare_guarded


class Crashing(Inline):
    """Dies like a native decoder whenever an object of the given name is among what it is asked to prepare."""

    def __init__(self, culprit: str) -> None:
        self.culprit = culprit
        self.calls = 0

    def call(self, function, /, *args, subject, timeout_s=None):
        self.calls += 1
        if any(self.culprit in instance.file for instance in args[0].instances):
            raise FileUnreadable(subject, "it crashed the process that reads it")
        return super().call(function, *args, subject=subject, timeout_s=timeout_s)


def study_in(folder):
    with Folder(isolation=Inline()) as source:
        (study,) = source.studies((folder,))
    return study


def test_a_study_that_comes_through_is_prepared_in_one_call(tmp_path):
    phantoms.ct_series(tmp_path, slices=3)
    isolation = Crashing("nothing")
    prepared = prepare_guarded(study_in(tmp_path), ViewPlan(), isolation)
    assert (len(prepared.views), isolation.calls) == (3, 1)


def test_an_object_that_crashes_the_decoder_is_named_and_its_neighbours_are_shown(tmp_path):
    phantoms.ct_series(tmp_path, slices=3)
    culprit = sorted(tmp_path.rglob("*"))[-1].name
    prepared = prepare_guarded(study_in(tmp_path), ViewPlan(), Crashing(culprit))
    assert len(prepared.views) == 2
    (failure,) = prepared.failures
    assert culprit in failure.file
    assert "crashed" in failure.problem


def test_a_single_object_that_takes_too_long_is_a_failure_and_not_an_exception(tmp_path):
    phantoms.write(phantoms.radiograph(32, 32), tmp_path / "film.dcm")

    class Endless(Inline):
        def call(self, function, /, *args, subject, timeout_s=None):
            raise TookTooLong(subject, "it took longer than 60 s")

    prepared = prepare_guarded(study_in(tmp_path), ViewPlan(), Endless())
    assert prepared.views == ()
    assert "60 s" in prepared.failures[0].problem
