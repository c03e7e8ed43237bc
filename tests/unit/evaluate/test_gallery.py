"""The gallery of errors: exactly the cases that the figures count as wrong, the most urgent first."""

import json
from dataclasses import replace
from datetime import date

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Presence
from wetread.evaluate.cases import Case
from wetread.evaluate.curves import MOST_POINTS, curves_json, thinned
from wetread.evaluate.figures import Rules, metrics_of
from wetread.evaluate.gallery import as_lines, seen_in, wrong_in
from wetread.evaluate.labels import Label
from wetread.evaluate.log import Answered, Log, LogWriter, Told, read_log
from wetread.evaluate.plots import Plot
from wetread.evaluate.policy import load_evaluation_policy
from wetread.testing.studies import film_study

CRITICAL, MINOR = "wr:pneumothorax", "wr:cardiomegaly"
LABELS = (Label(word="Pneumothorax", codes=(CRITICAL,)), Label(word="Cardiomegaly", codes=(MINOR,)))


def case(number, *codes, split="test"):
    return Case(case_id=f"c{number}", patient_id=f"p{number}", codes=frozenset(codes), split=split)


def said(number, pneumothorax, cardiomegaly, *, status="read", **more):
    told = {
        code: Told(presence=Presence.PRESENT if p >= 0.5 else Presence.ABSENT, probability=p)
        for code, p in ((CRITICAL, pneumothorax), (MINOR, cardiomegaly))
    }
    return Answered(
        case_id=f"c{number}", reader="r", version="1", fingerprint="f", status=status,
        findings=told if status == "read" else {}, abnormal_probability=max(pneumothorax, cardiomegaly), **more,
    )  # fmt: skip


def gallery(log):
    rules = Rules(
        vocabulary=load_vocabulary(), urgency=load_policy(), policy=load_evaluation_policy(),
        today=date(2026, 1, 2), seed=1, draws=100,
    )  # fmt: skip
    metrics = metrics_of(log, LABELS, rules)
    return metrics, wrong_in(log, metrics, LABELS, vocabulary=rules.vocabulary, policy=rules.urgency)


@pytest.fixture
def log():
    cases = [case(1, CRITICAL), case(2, MINOR), case(3), case(4, CRITICAL), case(5, CRITICAL), case(6, split="calib")]
    answers = [
        said(1, 0.9, 0.1),  # right
        said(2, 0.6, 0.2),  # both wrong
        said(3, 0.1, 0.7),  # told what is not there
        said(4, 0.4, 0.1, study_uid="1.2.3", sha256s=("aa",)),  # missed
        said(5, 0.0, 0.0, status="failed"),  # not judged: neither
        said(6, 0.9, 0.9),  # of the calibration split
    ]
    return Log(cases={one.case_id: one for one in cases}, answers={("r", one.case_id): one for one in answers})


def test_the_gallery_holds_what_was_judged_wrongly_and_nothing_else(log):
    _, rows = gallery(log)
    found = {(row.case_id, row.code, row.kind) for row in rows if row.code != "any_finding"}
    assert found == {
        ("c4", CRITICAL, "missed"),
        ("c2", MINOR, "missed"),
        ("c2", CRITICAL, "false"),
        ("c3", MINOR, "false"),
    }


def tenfold(log):
    """Ten times the same patients' kin: below ten there is no sensitivity to compare with."""
    cases = [replace(one, case_id=f"{one.case_id}-{n}", patient_id=f"{one.patient_id}-{n}")
             for one in log.cases.values() for n in range(10)]  # fmt: skip
    answers = [replace(one, case_id=f"{one.case_id}-{n}") for one in log.answers.values() for n in range(10)]
    return Log(cases={one.case_id: one for one in cases}, answers={("r", one.case_id): one for one in answers})


def test_it_counts_what_sensitivity_and_specificity_count(log):
    metrics, rows = gallery(tenfold(log))
    assert metrics.readers[0].any_finding.sensitivity.n == 30
    for finding in (*metrics.readers[0].findings, metrics.readers[0].any_finding):
        mine = [row.kind for row in rows if row.code == finding.code]
        sensitivity, specificity = finding.sensitivity, finding.specificity
        assert mine.count("missed") == round((1 - sensitivity.value) * sensitivity.n)
        assert mine.count("false") == round((1 - specificity.value) * specificity.n)


def test_the_most_urgent_comes_first_and_names_where_its_study_is(log):
    first = gallery(log)[1][0]
    assert (first.case_id, first.kind, first.study_uid, first.sha256s) == ("c4", "missed", "1.2.3", ("aa",))
    assert first.priority_due == "P1"


def test_a_file_of_probabilities_opens_the_studies_that_another_reader_read(log):
    log.answers["file", "c4"] = Answered(
        case_id="c4", reader="file", version="1", fingerprint="g", status="read",
        findings={CRITICAL: Told(presence=Presence.ABSENT, probability=0.1)},
    )  # fmt: skip
    row = next(row for row in gallery(log)[1] if row.reader == "file" and row.code == CRITICAL)
    assert (row.study_uid, row.sha256s) == ("1.2.3", ("aa",))


def test_a_case_whose_picture_was_exchanged_on_purpose_opens_its_own_study(log):
    log.answers["r+image_swap", "c4"] = Answered(
        case_id="c4", reader="r+image_swap", version="1", fingerprint="f", status="read", study_uid="9.9.9",
        findings={CRITICAL: Told(presence=Presence.ABSENT, probability=0.1)},
    )  # fmt: skip
    rows = gallery(log)[1]
    assert {row.reader for row in rows} == {"r"}
    assert {row.study_uid for row in rows if row.case_id == "c4"} == {"1.2.3"}


def test_the_lines_and_the_log_come_back_as_they_were(log, tmp_path):
    lines = as_lines(gallery(log)[1]).splitlines()
    told = json.loads(lines[0])
    assert (told["case_id"], told["sha256s"], told["priority_due"]) == ("c4", ["aa"], "P1")
    study = film_study()
    seen = seen_in(said(1, 0.9, 0.1), study)
    assert seen.sha256s == tuple(one.sha256 for one in study.instances)
    with LogWriter(tmp_path / "log.jsonl") as writer:
        writer.add(seen)
    assert read_log(tmp_path / "log.jsonl").answers["r", "c1"] == seen


def test_a_log_of_before_has_no_study_and_is_read_all_the_same(tmp_path):
    line = {"kind": "answer", "case_id": "c", "reader": "r", "version": "1", "fingerprint": "f", "status": "read"}
    (tmp_path / "log.jsonl").write_text(json.dumps(line) + "\n")
    answer = read_log(tmp_path / "log.jsonl").answers["r", "c"]
    assert (answer.study_uid, answer.sha256s) == (None, ())


@pytest.mark.parametrize("n", [0, 2, MOST_POINTS, MOST_POINTS + 1, 5000])
def test_a_thinned_curve_keeps_its_ends_and_its_order(n):
    points = tuple((x / max(1, n - 1), (x / max(1, n - 1)) ** 2) for x in range(n))
    told = thinned(points)
    assert len(told) == min(n, MOST_POINTS)
    assert list(told) == sorted(told)
    assert set(told) <= set(points)
    assert told[:1] + told[-1:] == points[:1] + points[-1:]


def test_curves_are_written_by_reader_in_the_order_given():
    plot = Plot(code="any_finding", label="any finding", n=3, n_pos=1, roc=((0.0, 0.0), (1.0, 1.0)))
    told = json.loads(curves_json({"b": [plot], "a": []}))
    assert [one["name"] for one in told["readers"]] == ["b", "a"]
    assert told["readers"][0]["curves"][0] == {
        "code": "any_finding", "label": "any finding", "n": 3, "n_pos": 1, "roc": [[0.0, 0.0], [1.0, 1.0]],
        "pr": [], "reliability": [], "risk_coverage": [],
    }  # fmt: skip
