"""The card, its curves, the text and metrics.json tell one log: the same figures, and "too few" where due."""

import dataclasses
import json
import re
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.finding import Presence
from wetread.domain.urgency import Priority
from wetread.evaluate.as_json import as_json
from wetread.evaluate.as_text import as_text
from wetread.evaluate.card import as_card
from wetread.evaluate.cases import Case
from wetread.evaluate.figures import Rules, metrics_of
from wetread.evaluate.labels import labels_of
from wetread.evaluate.log import Answered, Log, Told
from wetread.evaluate.plots import plot_of
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.shortcuts import Shortcut
from wetread.evaluate.statistics import Interval

VOCABULARY, POLICY = load_vocabulary(), load_evaluation_policy()
CODES = ("wr:pneumothorax", "wr:cardiomegaly", "wr:tension-pneumothorax")
EVIL = "<script>alert(1)</script>&"


def told(name, case, score, *, prior=0.5, probability=True):
    found = {
        code: Told(presence=Presence.PRESENT if p >= 0.5 else Presence.ABSENT, probability=p if probability else None)
        for code, p in score.items()
    }
    return Answered(
        case_id=case.case_id,
        reader=name,
        version="1",
        fingerprint=name,
        status="read",
        findings=found,
        abnormal_probability=max(score.values()) if probability else None,
        priority=Priority.P1 if score["wr:tension-pneumothorax"] >= prior else Priority.P4,
        latency_s=0.1,
        cost_usd=0.01,
    )


@pytest.fixture(scope="module")
def log():
    """Sixty cases of forty patients; a good reader, one that guesses, one on disturbed films, one that says words."""
    dice = np.random.default_rng(4)
    made = Log()
    for n in range(60):
        codes = frozenset(code for code, share in zip(CODES, (0.4, 0.05, 0.3), strict=True) if dice.random() < share)
        case = Case(case_id=f"c{n}", patient_id=f"p{n % 40}", codes=codes, sex="MF"[n % 2], age_years=float(n))
        made.cases[case.case_id] = case
        seen = {code: float(np.clip(dice.normal(0.75 if code in codes else 0.25, 0.2), 0, 1)) for code in CODES}
        chance = {code: float(dice.random()) for code in CODES}
        for name, score in (("good", seen), (EVIL, chance), ("good+border_only", chance)):
            made.answers[name, case.case_id] = told(name, case, score)
        made.answers["words", case.case_id] = told("words", case, seen, probability=False)
    return made


@pytest.fixture(scope="module")
def metrics(log):
    rules = Rules(
        vocabulary=VOCABULARY,
        urgency=load_policy(),
        policy=POLICY,
        today=date(2026, 11, 21),
        seed=7,
        draws=100,
    )
    made = metrics_of(log, tuple(labels_of(CODES, VOCABULARY)), rules, remarks=[EVIL])
    return dataclasses.replace(made, manifest={"command": EVIL, "seed": 7})


def plot(log, reader, code=None):
    label = None if code is None else next(iter(labels_of([code], VOCABULARY)))
    return plot_of(label, list(log.cases.values()), log.of(reader), POLICY)


@pytest.fixture(scope="module")
def page(log, metrics):
    return as_card(metrics, {reader.name: [plot(log, reader.name)] for reader in metrics.readers})


def arrays(log, reader, code):
    cases = list(log.cases.values())
    return (
        np.array([code in case.codes for case in cases]),
        np.array([log.answers[reader, case.case_id].findings[code].probability for case in cases]),
    )


@pytest.mark.parametrize("reader", ["good", EVIL])
def test_the_curves_are_those_of_an_independent_library(log, reader):
    truth, scores = arrays(log, reader, "wr:pneumothorax")
    mine = plot(log, reader, "wr:pneumothorax")
    assert (mine.n, mine.n_pos) == (60, truth.sum())
    x, y = np.array(mine.roc).T
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(truth, scores), abs=1e-4)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    for point in zip(false, true, strict=True):
        assert min(abs(x - point[0]) + abs(y - point[1])) < 1e-4
    precision, recall, _ = precision_recall_curve(truth, scores)
    told = {(round(r, 5), round(p, 5)) for r, p in zip(recall, precision, strict=True)}
    assert {point for point in mine.pr if point[0] > 0} <= told


def test_reliability_and_risk_are_counted_over_every_case_once(log):
    truth, scores = arrays(log, "good", "wr:pneumothorax")
    mine = plot(log, "good", "wr:pneumothorax")
    assert np.mean([told for told, _ in mine.reliability]) == pytest.approx(scores.mean(), abs=0.01)
    assert np.mean([so for _, so in mine.reliability]) == pytest.approx(truth.mean(), abs=0.01)
    assert len(mine.reliability) == POLICY.calibration.bins
    coverage, risk = mine.risk_coverage[-1]
    assert (coverage, risk) == (1.0, pytest.approx(((scores >= 0.5) != truth).mean(), abs=1e-5))
    assert mine.risk_coverage[0][1] <= risk


def test_what_is_no_probability_has_no_reliability_and_too_few_have_no_curve(log):
    words = plot(log, "words", "wr:pneumothorax")
    assert words.roc
    assert words.reliability == words.risk_coverage == ()
    few = plot(log, "good", "wr:cardiomegaly")
    assert few.n_pos < 10
    assert few.roc == few.pr == few.reliability == few.risk_coverage == ()


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "rect", "path", "polyline", "circle", "line"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_card_is_whole_html_that_loads_nothing_and_runs_nothing(page):
    seen = Page(page)
    assert seen.open == []
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in seen.tags}
    assert not any(name.startswith("on") or name in {"src", "href"} for _, attrs in seen.tags for name in attrs)
    assert "default-src 'none'" in page
    assert EVIL not in page
    assert EVIL in "".join(seen.words)
    assert "not for diagnosis" in page


def test_every_drawing_says_what_it_shows_and_every_table_names_its_rows_and_columns(page):
    seen = Page(page)
    drawings = [attrs for tag, attrs in seen.tags if tag == "svg"]
    assert len(drawings) > 8
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in drawings)
    heads = [attrs["scope"] for tag, attrs in seen.tags if tag == "th"]
    assert set(heads) == {"row", "col"}
    for points in re.findall(r'points="([^"]*)"', page):
        assert np.isfinite([float(part) for pair in points.split() for part in pair.split(",")]).all()


def test_card_text_and_json_tell_the_same_figures(metrics, page):
    text, plain = as_text(metrics), json.loads(as_json(metrics))
    assert [reader["name"] for reader in plain["readers"]] == ["good", EVIL, "words"]
    for reader, made in zip(metrics.readers, plain["readers"], strict=True):
        for finding, one in zip(reader.findings, made["findings"], strict=True):
            assert one["auroc"]["value"] == finding.auroc.value
            if finding.auroc.value is not None:
                shown = f"{finding.auroc.value:.3f} [{finding.auroc.low:.3f}, {finding.auroc.high:.3f}]"
                assert shown in text
                assert shown in page


def test_a_finding_of_too_few_positives_has_no_figure_in_any_of_them(metrics, page):
    text, plain = as_text(metrics), json.loads(as_json(metrics))
    [line] = [one for one in text.split("== good")[1].splitlines() if one.startswith("wr:cardiomegaly")][:1]
    assert "n/a (too few)" in line
    assert "n/a (too few)" in page.split("wr:cardiomegaly</th>")[1].split("</tr>")[0]
    finding = next(one for one in plain["readers"][0]["findings"] if one["code"] == "wr:cardiomegaly")
    assert (finding["auroc"]["value"], finding["auprc"], finding["brier"], finding["why"]) == (
        None, None, None, "n/a (too few)",
    )  # fmt: skip
    comparisons = [row for row in plain["comparisons"] if row["code"] == "wr:cardiomegaly"]
    assert comparisons
    assert all(row["p"] is None and row["difference"] is None for row in comparisons)


def test_a_reader_on_disturbed_films_is_a_control_of_its_own_reader_and_nobodys_rival(metrics, page):
    good = metrics.readers[0]
    [control] = good.controls
    assert (control.disturbance, control.n_read) == ("border_only", 60)
    assert control.any_finding.auroc.value < good.any_finding.auroc.value
    assert not any("border_only" in row.first + row.second for row in metrics.comparisons)
    assert "border_only" in page.split("The same reader on disturbed films")[1].split("</table>")[0]
    assert "border_only" in as_text(metrics)
    assert all(not reader.controls for reader in metrics.readers[1:])


def test_what_following_a_reader_does_to_waits_is_told_of_each(metrics, page):
    plain = json.loads(as_json(metrics))["readers"]
    assert all(reader["queue"]["source"] == "measured" for reader in plain)
    good, chance = (next(r for r in plain[n]["queue"]["law"]["rows"] if r["what"] == "critical_ratio") for n in (0, 1))
    assert good["law"] < chance["law"]
    assert page.count("What following it does to waits") == len(plain)
    assert as_text(metrics).count("what following it does to waits") == len(plain)


def told_shortcut(name, tells):
    area = Interval(value=0.9 if tells else 0.5, low=0.8 if tells else 0.4, high=0.95 if tells else 0.6, n=60)
    return Shortcut(looks_at=name, n=60, n_pos=30, auroc=area, tells=tells, p=0.005 if tells else 0.4)


@pytest.mark.parametrize(
    ("border", "whole", "warned"), [(True, True, True), (False, True, False), (False, False, False)]
)
def test_the_warning_stands_where_a_shortcut_tells_and_not_where_only_the_picture_does(metrics, border, whole, warned):
    rows = (
        told_shortcut("file facts", False),
        told_shortcut("the border", border),
        told_shortcut("the small picture", whole),
    )
    made = dataclasses.replace(metrics, shortcuts=rows)
    assert ('class="warning"' in as_card(made, {})) == warned
    assert ("WARNING: the border alone" in as_text(made)) == warned
