"""A site's calibration in front of a reader: it gives probabilities, takes nothing away, and says when it is void."""

import asyncio
from datetime import date

import pytest

from wetread.domain.finding import Presence
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import ViewPlan
from wetread.errors import ClinicalDataInvalid, ReaderRefused
from wetread.ports import plans_of
from wetread.readers.calibrator import logit_of, sigmoid
from wetread.readers.site_calibration import load_calibration, number_in
from wetread.readers.wrappers import Calibrated, Fallback, calibrated
from wetread.testing.studies import finding, read

CODE, OTHER = "wr:pneumothorax", "wr:pulmonary-nodule"
TODAY = date(2026, 11, 1)
HEAD = """schema = "wetread.calibration/1"
measured_on = "our films"
date = 2026-10-01
valid_until = 2026-12-30
cases_sha256 = "ab"
"""
ROW = f"""
[[maps]]
reader = "one"
fingerprint = "fingerprint-one"
code = "{CODE}"
n = 300
n_pos = 60
threshold = 0.4
map = {{kind = "platt", slope = 0.5, intercept = -1.0}}
"""
CHANCE = f"""
[[excluded]]
reader = "one"
fingerprint = "fingerprint-one"
code = "{OTHER}"
what = "numbers"
reason = "AUROC 0.51 [0.44, 0.58] of 300 cases is not shown to be above 0.5"
"""


def by(tmp_path, text=HEAD + ROW):
    (tmp_path / "calibration.toml").write_text(text, encoding="utf-8")
    return load_calibration(tmp_path / "calibration.toml")


def stated(presence, number, kind="score", code=CODE):
    return finding(code, presence, confidence_raw=number, confidence_kind=kind)


def expected(number):
    return round(sigmoid(0.5 * logit_of(number) - 1.0), 6)


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (stated("present", 0.9), 0.9),
        (stated("absent", 0.1), 0.1),
        (stated("present", 0.9, "stated"), 0.9),
        (stated("uncertain", 0.5, "verbal"), 0.5),
        (finding(CODE, "present", 0.7), 0.7),
        (finding(CODE, "present", 0.7, confidence_raw=0.95, confidence_kind="score"), 0.7),
    ],
    ids=["score", "score of an absence", "stated", "verbal", "its own probability", "probability before raw score"],
)
def test_a_stated_number_becomes_the_sites_probability_and_nothing_else_changes(tmp_path, told, number):
    calibration = by(tmp_path)
    (one,) = calibrated(read(told), calibration, TODAY).findings
    assert one.probability == expected(number)
    assert one.calibrator_id == calibration.calibrator_id
    assert one.calibrator_id.startswith("site/")
    assert one.stated_probability == one.probability
    assert one.presence is told.presence


@pytest.mark.parametrize(
    "told",
    [
        stated("absent", 0.9, "stated"),
        stated("absent", 0.9, None),
        finding(CODE, "present"),
        finding(CODE, "not_assessable", confidence_raw=0.5, confidence_kind="score"),
        stated("present", 0.9, code="wr:cardiomegaly"),
    ],
    ids=["trust in an absence", "a number of no kind", "no number", "not assessable", "no map"],
)
def test_where_there_is_no_number_of_presence_nothing_is_invented(tmp_path, told):
    assert calibrated(read(told), by(tmp_path), TODAY).findings == (told,)


def test_doing_it_twice_starts_from_the_readers_own_number_both_times(tmp_path):
    calibration = by(tmp_path)
    for told in (stated("present", 0.9, "stated"), finding(CODE, "present", 0.7)):
        once = calibrated(read(told), calibration, TODAY)
        assert calibrated(once, calibration, TODAY).findings == once.findings
        assert number_in(once.findings[0]) == number_in(told)


def test_an_expired_calibration_is_void_and_says_so(tmp_path):
    told = read(stated("present", 0.9))
    assert calibrated(told, by(tmp_path), date(2026, 12, 30)).limitations == ()
    late = calibrated(told, by(tmp_path), date(2026, 12, 31))
    assert late.findings == told.findings
    assert [(one.code, "expired on 2026-12-30" in one.text) for one in late.limitations] == [
        ("calibration_not_used", True)
    ]


def test_a_reader_that_has_changed_is_read_without_it_and_that_is_said(tmp_path):
    told = read(stated("present", 0.9))
    calibration = by(tmp_path, HEAD + ROW.replace("fingerprint-one", "before"))
    changed = calibrated(told, calibration, TODAY)
    assert changed.findings == told.findings
    assert "another fingerprint" in changed.limitations[0].text


def test_a_reader_that_the_file_does_not_name_is_left_alone(tmp_path):
    told = read(stated("present", 0.9), name="two")
    assert calibrated(told, by(tmp_path), date(2030, 1, 1)) == told


def test_an_operating_point_only_raises_and_only_where_the_site_wants_it(tmp_path):
    calibration = by(tmp_path)
    cases = {"present": 0.01, "uncertain": 0.01, "absent": 0.4}
    for raises in (False, True):
        told = [calibrated(read(stated(p, n)), calibration, TODAY, raises=raises).findings[0].presence.value
                for p, n in cases.items()]  # fmt: skip
        assert told == ["present", "uncertain", "uncertain" if raises else "absent"]
    above = calibrated(read(stated("present", 0.9)), calibration, TODAY, raises=True)
    assert above.findings[0].presence is Presence.PRESENT
    below = calibrated(read(stated("absent", 0.39)), calibration, TODAY, raises=True)
    assert below.findings[0].presence is Presence.ABSENT


def test_what_a_reader_is_not_shown_to_tell_is_said_where_it_tells_it(tmp_path):
    calibration = by(tmp_path, HEAD + ROW + CHANCE)
    both = calibrated(read(stated("present", 0.9), finding(OTHER)), calibration, TODAY)
    (limit,) = both.limitations
    assert limit.code == "not_better_than_chance"
    assert OTHER in limit.text
    assert "0.51 [0.44, 0.58]" in limit.text
    assert calibrated(read(stated("present", 0.9)), calibration, TODAY).limitations == ()


class Telling:
    name = "one"

    def __init__(self, answer, plan=None):
        self._answer = answer
        self.plan = plan or ViewPlan()

    async def read(self, request):
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_the_wrapper_keeps_the_readers_name_plans_and_refusals(tmp_path):
    chain = Fallback((Telling(read()), Telling(read(), ViewPlan(max_edge_px=64))))
    wrapped = Calibrated(chain, by(tmp_path), today=lambda: TODAY)
    assert (wrapped.name, plans_of(wrapped)) == ("one", plans_of(chain))
    assert len(plans_of(wrapped)) == 2
    request = ReadRequest(study_ref="s", views=(), order=Order())
    answer = asyncio.run(
        Calibrated(Telling(read(stated("present", 0.9))), by(tmp_path), today=lambda: TODAY).read(request)
    )
    assert answer.findings[0].probability == expected(0.9)
    with pytest.raises(ReaderRefused, match="not mine"):
        asyncio.run(Calibrated(Telling(ReaderRefused("not mine")), by(tmp_path)).read(request))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("schema = ", "scheme = "), "schema"),
        (("wetread.calibration/1", "wetread.calibration/9"), "schema"),
        (("valid_until = 2026-12-30", "valid_until = 2026-09-30"), "valid_until lies before date"),
        (('code = "wr:pneumothorax"', 'code = "pneumothorax"'), "code"),
        (("slope = 0.5", "slope = -0.5"), "slope"),
        (('kind = "platt"', 'kind = "magic"'), "platt"),
        (("n_pos = 60", "n_pos = 600"), "n_pos"),
        (("threshold = 0.4", "threshold = 4"), "threshold"),
        (("threshold = 0.4\n", "threshold = 0.4\nsecret = 1\n"), "secret"),
        (("date = 2026-10-01", "date = yesterday"), "TOML"),
        ((ROW, ROW + ROW), "two rows"),
        (("threshold = 0.4\n" + 'map = {kind = "platt", slope = 0.5, intercept = -1.0}', ""), "neither"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_key(tmp_path, change, says):
    with pytest.raises(ClinicalDataInvalid, match=says):
        by(tmp_path, (HEAD + ROW).replace(*change))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClinicalDataInvalid, match=r"gone\.toml: can't be read"):
        load_calibration(tmp_path / "gone.toml")
