"""Reports scored by coded findings: against sums done by hand, an independent library, and the seed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from wetread.domain.clinical_data import load_vocabulary
from wetread.domain.finding import Presence
from wetread.errors import ConfigurationError, InputError, MissingExtra
from wetread.evaluate.cases import Case
from wetread.evaluate.labels import labels_of
from wetread.evaluate.log import Answered
from wetread.evaluate.log import Told as Said
from wetread.evaluate.policy import load_evaluation_policy
from wetread.evaluate.reports.from_log import pairs_of
from wetread.evaluate.reports.outside import with_outside
from wetread.evaluate.reports.pairs import ReportPair, Side, grouped, read_pairs
from wetread.evaluate.reports.score import Resampling, score_reports
from wetread.evaluate.reports.told import TOO_FEW, reports_card, reports_json, reports_text
from wetread.evaluate.statistics import wilson

VOCABULARY = load_vocabulary()
QUICK = Resampling(draws=200, seed=7, least=load_evaluation_policy().least.positives)
CODES = ("wr:pneumothorax", "wr:cardiomegaly", "wr:hiatal-hernia", "wr:scoliosis", "wr:emphysema")


def told(*codes, denied=()):
    here = dict.fromkeys(codes, Presence.PRESENT) | dict.fromkeys(denied, Presence.ABSENT)
    return Side(findings=grouped(here.items()))


def pair(number, candidate, reference, *, patient=None):
    return ReportPair(
        case=str(number), patient_id=patient or str(number), by="writer", candidate=candidate, reference=reference
    )


def scored(pairs, resampling=QUICK):
    (figures,) = score_reports(pairs, vocabulary=VOCABULARY, resampling=resampling)
    return figures


def random_pairs(n=120, seed=3):
    dice = np.random.default_rng(seed)
    truth, answer = dice.random((n, len(CODES))) < 0.3, dice.random((n, len(CODES))) < 0.3
    answer |= truth & (dice.random(truth.shape) < 0.6)
    pick = lambda row: told(*(code for code, here in zip(CODES, row, strict=True) if here))  # noqa: E731
    pairs = [
        pair(at, pick(mine), pick(true), patient=str(at // 2))
        for at, (mine, true) in enumerate(zip(answer, truth, strict=True))
    ]
    return pairs, truth, answer


def test_figures_are_those_of_an_independent_library():
    pairs, truth, answer = random_pairs()
    figures = scored(pairs)
    precision, recall, f1, _ = precision_recall_fscore_support(truth, answer, average="micro")
    assert figures.precision.value == pytest.approx(precision, abs=1e-12)
    assert figures.recall.value == pytest.approx(recall, abs=1e-12)
    assert figures.f1.value == pytest.approx(f1, abs=1e-12)
    assert figures.macro_f1.value == pytest.approx(f1_score(truth, answer, average="macro"), abs=1e-12)
    by_code = dict(zip(CODES, f1_score(truth, answer, average=None), strict=True))
    assert {one.code: one.f1.value for one in figures.codes} == pytest.approx(by_code, abs=1e-12)


def test_inventions_and_omissions_are_counted_a_report():
    pairs, truth, answer = random_pairs()
    figures = scored(pairs)
    assert figures.hallucinations_per_report.value == pytest.approx((answer & ~truth).sum() / len(pairs))
    assert figures.omissions_per_report.value == pytest.approx((truth & ~answer).sum() / len(pairs))
    assert figures.with_hallucination.value == pytest.approx((answer & ~truth).any(axis=1).mean())
    assert figures.critical_recall.value == pytest.approx((answer & truth)[:, 0].sum() / truth[:, 0].sum())


def test_the_same_seed_gives_the_same_intervals_and_another_one_others():
    pairs, _, _ = random_pairs()
    assert scored(pairs) == scored(pairs)
    assert scored(pairs).f1 != scored(pairs, replace(QUICK, seed=8)).f1


def test_reports_of_one_patient_do_not_count_as_independent():
    pairs, _, _ = random_pairs()
    copies = [
        pair(f"{at}-{n}", one.candidate, one.reference, patient=one.case)
        for at, one in enumerate(pairs)
        for n in (1, 2, 3)
    ]
    apart = [pair(f"{at}", one.candidate, one.reference) for at, one in enumerate(copies)]
    width = lambda figures: figures.f1.high - figures.f1.low  # noqa: E731
    assert scored(copies).patients == 120
    assert width(scored(copies)) > 1.3 * width(scored(apart))


def test_fewer_than_ten_findings_say_nothing():
    few = [pair(at, told("wr:scoliosis"), told("wr:scoliosis")) for at in range(9)]
    figures = scored(few)
    assert figures.f1.value is None
    assert (figures.n_reference, figures.critical_recall.n) == (9, 0)
    assert TOO_FEW in reports_text([figures])
    assert scored([*few, pair(9, told("wr:scoliosis"), told("wr:scoliosis"))]).f1.value == 1.0


def test_a_share_of_none_or_all_is_not_certain():
    right = scored([pair(at, told("wr:pneumothorax"), told("wr:pneumothorax")) for at in range(20)])
    assert (right.recall.value, right.recall.high) == (1.0, 1.0)
    assert right.recall.low == pytest.approx(wilson(20, 20).low)
    assert right.recall.low < right.f1.low < 1.0
    assert right.hallucinations_per_report.value == 0.0
    assert right.hallucinations_per_report.high == pytest.approx(3.689 / 20, abs=1e-3)  # Poisson, nothing seen
    assert (right.macro_f1.low, right.macro_f1.high) == (None, None)
    wrong = scored([pair(at, told("wr:scoliosis"), told("wr:pneumothorax")) for at in range(20)])
    assert wrong.f1.value == 0.0
    assert 0.0 < wrong.f1.high < 0.3


def test_the_size_of_a_finding_does_not_make_it_another_one():
    pairs = [pair(at, told("wr:pleural-effusion-small"), told("wr:pleural-effusion-large")) for at in range(10)]
    assert scored(pairs).f1.value == 1.0


def test_no_large_effusion_does_not_deny_an_effusion():
    assert grouped([("wr:pleural-effusion-large", Presence.ABSENT)]) == {}
    assert grouped([("wr:pleural-effusion", Presence.ABSENT)]) == {"wr:pleural-effusion": Presence.ABSENT}


def test_what_the_reference_implies_is_no_invention_and_what_the_candidate_implies_no_omission():
    broader = scored([pair(at, told("wr:lung-opacity"), told("wr:pneumonia")) for at in range(10)])
    assert (broader.hallucinations_per_report.value, broader.omissions_per_report.value) == (0.0, 1.0)
    narrower = scored([pair(at, told("wr:pneumonia"), told("wr:lung-opacity")) for at in range(10)])
    assert (narrower.hallucinations_per_report.value, narrower.omissions_per_report.value) == (1.0, 0.0)


def test_telling_what_the_reference_denies_is_a_contradiction():
    denies = told("wr:scoliosis", denied=("wr:pneumothorax",))
    figures = scored([pair(at, told("wr:pneumothorax", "wr:emphysema"), denies) for at in range(10)])
    assert figures.hallucinations_per_report.value == 2.0
    assert figures.contradictions_per_report.value == 1.0


def answer(case, status, **presences):
    findings = {f"wr:{code}": Said(presence=presence) for code, presence in presences.items()}
    return Answered(case_id=case, reader="r", version="1", fingerprint="f", status=status, findings=findings)


def test_what_a_reader_said_is_held_against_the_labels_alone():
    labels = tuple(labels_of({"Cardiomegaly", "Scoliosis"}, VOCABULARY))
    cases = [Case(case_id=name, patient_id=name, codes=frozenset({"wr:scoliosis"})) for name in ("a", "b", "never")]
    answers = {
        "a": answer("a", "read", scoliosis=Presence.UNCERTAIN, pneumothorax=Presence.PRESENT),
        "b": answer("b", "failed", scoliosis=Presence.PRESENT),
    }
    first, second = pairs_of("r", cases, labels, answers)
    assert first.candidate.findings == {"wr:scoliosis": Presence.UNCERTAIN}
    assert first.reference.findings == {"wr:scoliosis": Presence.PRESENT, "wr:cardiomegaly": Presence.ABSENT}
    assert (second.case, second.candidate.findings) == ("b", {})


def test_tables_and_json_hold_the_same_figures():
    pairs, _, _ = random_pairs()
    figures = scored(pairs)
    (plain,) = json.loads(json.dumps(reports_json([figures]), allow_nan=False))
    assert plain["f1"]["value"] == figures.f1.value
    assert f"{figures.f1.value:.3f} [{figures.f1.low:.3f}, {figures.f1.high:.3f}]" in reports_text([figures])
    assert f"{figures.f1.value:.3f}" in "".join(reports_card([figures]))


def test_what_a_writer_is_called_is_escaped_on_the_card():
    nasty = [ReportPair(case="1", patient_id="1", by="<script>x</script>", candidate=told(), reference=told())]
    assert "<script>" not in "".join(reports_card(score_reports(nasty, vocabulary=VOCABULARY, resampling=QUICK)))


def rows(tmp_path, text, name="reports.jsonl"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_pairs(path, VOCABULARY)


def test_texts_are_labelled_and_codes_are_taken_as_they_stand(tmp_path):
    lines = [
        {"case": "1", "by": "a", "patient_id": "p", "candidate": "Cardiomegaly.", "reference_codes": ["Pneumothorax"]},
        {"case": "2", "candidate": {"findings": "Scoliosis."}, "reference_codes": {"wr:scoliosis": "absent"}},
        {"case": "3", "candidate_codes": "No Finding", "reference": "Normal chest."},
    ]
    given = rows(tmp_path, "\n".join(map(json.dumps, lines)))
    first, second, third = given.pairs
    assert (first.by, first.patient_id, second.by, second.patient_id) == ("a", "p", "candidate", "2")
    assert first.candidate.findings == {"wr:cardiomegaly": Presence.PRESENT}
    assert first.reference.findings == {"wr:pneumothorax": Presence.PRESENT}
    assert second.reference.findings == {"wr:scoliosis": Presence.ABSENT}
    assert third.candidate.findings == {}


def test_a_csv_says_the_same(tmp_path):
    text = 'case,candidate,reference_codes\n1,"No pneumothorax. Mild scoliosis, stable.",wr:scoliosis|wr:emphysema\n'
    (only,) = rows(tmp_path, text, "reports.csv").pairs
    assert only.candidate.findings["wr:scoliosis"] is Presence.PRESENT
    assert set(only.reference.findings) == {"wr:scoliosis", "wr:emphysema"}


def test_codes_that_nobody_knows_are_named(tmp_path):
    given = rows(tmp_path, '{"case": "1", "candidate_codes": ["wr:nonsense"], "reference": "Scoliosis."}')
    assert any("wr:nonsense" in remark for remark in given.remarks)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"candidate": "a", "reference": "b"}', "names no case"),
        ('{"case": "1", "candidate": "", "reference": "b"}', "has no candidate"),
        ('{"case": "1", "candidate": "a"}', "has no reference"),
        ('{"case": "1", "candidate": 7, "reference": "b"}', "no text"),
        ('{"case": "1", "candidate_codes": {"wr:scoliosis": "perhaps"}, "reference": "b"}', "perhaps"),
        ("[1]", "no JSON object"),
        ("{", "no JSON object"),
    ],
)
def test_a_row_that_is_none_is_refused_by_its_line(tmp_path, line, problem):
    with pytest.raises(InputError, match=problem) as refused:
        rows(tmp_path, '{"case": "0", "candidate": "a", "reference": "b"}\n' + line)
    assert "line 2" in str(refused.value)


def test_a_case_twice_by_one_writer_is_refused(tmp_path):
    line = '{"case": "1", "candidate": "a", "reference": "b"}'
    with pytest.raises(InputError, match="more than once"):
        rows(tmp_path, f"{line}\n{line}")


def texts(n=12):
    side = lambda text: Side(findings={}, text=text)  # noqa: E731
    return [pair(at, side("No pleural effusion."), side("No effusion.")) for at in range(n)]


def test_scores_that_would_send_texts_away_are_not_offered():
    with pytest.raises(ConfigurationError, match="not offered"):
        with_outside([scored(texts())], texts(), ["crimson"], QUICK)


def test_without_radeval_a_clear_word_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "radeval", None)
    with pytest.raises(MissingExtra, match=r"pip install 'wetread\[radeval\]'"):
        with_outside([scored(texts())], texts(), ["rouge"], QUICK)


def test_radevals_own_scores_stand_beside_ours():
    pytest.importorskip("radeval", reason="needs the extra `radeval`")
    (figures,) = with_outside([scored(texts())], texts(), ["rouge"], QUICK)
    assert {score.name for score in figures.outside} == {"rouge1", "rouge2", "rougeL"}
    assert {score.name: score.value.value for score in figures.outside}["rouge1"] == pytest.approx(0.8)
    assert all(score.value.n == 12 for score in figures.outside)
