"""Only what the gate has cleared goes out, and what it noticed comes back with the read."""

import threading
from dataclasses import replace

import pytest

from wetread.domain.egress import Cleared, Decision, Endpoint
from wetread.domain.finding import Evidence
from wetread.domain.read import Trace
from wetread.domain.view import Limitation
from wetread.errors import EgressDenied
from wetread.readers.wrappers import Guarded
from wetread.testing.studies import finding, read

ENDPOINT = Endpoint(name="gpt", host="api.example.org")
MASKED = Limitation(code="text_masked", text="text in the picture was masked")


class Masking:
    """A gate that changes every picture's hash and says so."""

    def __init__(self, *findings, allowed=True):
        self.findings, self.allowed, self.thread = findings, allowed, None

    def clear(self, request, endpoint):
        self.thread = threading.current_thread()
        if self.allowed is None:
            raise EgressDenied("no agreement")
        views = tuple(replace(view, pixel_sha256="m" * 64) for view in request.views)
        return Cleared(
            request=replace(request, views=views),
            decision=Decision(allowed=self.allowed, rule="public.any", reason="public data"),
            findings=self.findings,
            limitations=(MASKED,),
        )


def guarded(reader, gate):
    return Guarded(reader, ENDPOINT, gate)


def test_the_reader_sees_the_cleared_request_alone(run, steps, film, fine):
    reader = steps(fine())
    run(guarded(reader, Masking()).read(film()))
    assert [view.pixel_sha256 for view in reader.seen[0].views] == ["m" * 64]


def test_the_read_names_the_rule_the_limitations_and_what_was_sent(run, steps, film, fine):
    request = film()
    answer = fine(views_read=(request.views[0].pixel_sha256,), limitations=(MASKED,), trace=Trace(form="tool"))
    got = run(guarded(steps(answer), Masking()).read(request))
    assert got.trace == Trace(form="tool", egress="public.any")
    assert got.limitations == (MASKED,)
    assert got.views_read == ("m" * 64,)


def test_a_reader_s_own_choice_of_views_stands(run, steps, film, fine):
    got = run(guarded(steps(fine(views_read=("m" * 64,))), Masking()).read(film(*film().views, *film(seed=1).views)))
    assert got.views_read == ("m" * 64,)


@pytest.mark.parametrize(
    ("said", "noticed", "stands"),
    [
        ("absent", "present", "present"), ("present", "uncertain", "present"), ("uncertain", "absent", "uncertain"),
        ("not_assessable", "absent", "absent"),
    ],
)  # fmt: skip
def test_one_finding_per_code_and_side_and_present_wins(run, steps, film, said, noticed, stands):
    place = Evidence(file="film.dcm", sop_instance_uid="1", frame=1, box=(0.1, 0.1, 0.2, 0.2), origin="ocr")
    gate = Masking(finding("wr:pneumothorax", noticed, evidence=(place,), claims_critical=True), finding("wr:rotated"))
    got = run(guarded(steps(read(finding("wr:pneumothorax", said))), gate).read(film()))
    assert [(one.code, one.presence.value) for one in got.findings] == [
        ("wr:pneumothorax", stands), ("wr:rotated", "present"),
    ]  # fmt: skip
    assert got.findings[0].evidence == (place,)
    assert got.findings[0].claims_critical


@pytest.mark.parametrize("allowed", [None, False])
def test_what_may_not_go_is_not_sent(run, steps, film, fine, allowed):
    reader = steps(fine())
    with pytest.raises(EgressDenied):
        run(guarded(reader, Masking(allowed=allowed)).read(film()))
    assert reader.calls == 0


def test_pixels_are_looked_at_in_a_thread_of_their_own(run, steps, film, fine):
    gate = Masking()
    run(guarded(steps(fine()), gate).read(film()))
    assert gate.thread is not threading.main_thread()
