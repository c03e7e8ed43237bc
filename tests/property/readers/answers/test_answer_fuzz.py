"""Whatever a model writes: a read or AnswerUnusable, no code from nowhere, and never "this can wait" out of garbage."""

import json

from asked import CHEST, EFFUSION, PNEUMOTHORAX, VOCABULARY, montage, view
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.domain.finding import Presence
from wetread.domain.urgency import Priority
from wetread.errors import AnswerUnusable
from wetread.readers.answers import merge_calls, merge_passes, salvage, understand, with_synthesis

VIEWS = (view(), montage())
CODES = [PNEUMOTHORAX, EFFUSION, "wr:pneumonia", "wr:cardiomegaly", "wr:tension-pneumothorax", "wr:acute-infarct"]
LOW = (Priority.P4, Priority.P5)
KEYS = st.sampled_from(
    [
        "findings",
        "absent",
        "urgency",
        "priority",
        "code",
        "presence",
        "name",
        "critical_findings",
        "abnormalities",
        "box",
        "grid",
        "image",
        "side",
        "quality",
        "grade",
        "abstain",
        "impression",
        "differential_diagnosis",
        "confidence",
        "size_mm",
        "recommendations",
        "text",
        "answer",
        "report",
        "severity",
        "critical",
        "location",
        "status",
        "change",
    ]
)
WORDS = st.sampled_from(
    [
        *CODES,
        "present",
        "absent",
        "P1",
        "P5",
        "Routine",
        "no pneumothorax",
        "Critical",
        "left",
        "A1",
        "non_diagnostic",
        "the effusion has not resolved",
        "I can't help",
        "",
        "NaN",
        "unchanged",
        "cannot exclude, or",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=6),
    max_leaves=30,
)
FINDING = st.fixed_dictionaries(
    {"code": st.sampled_from(CODES), "presence": st.sampled_from(["present", "absent", "uncertain", "not_assessable"])},
    optional={
        "side": st.sampled_from(["left", "right", "not_stated"]),
        "confidence": st.integers(0, 100),
        "critical": st.booleans(),
        "grid": st.sampled_from(["A1", "C4", "none"]),
        "image": st.integers(1, 2),
        "rationale": st.sampled_from(["", "seen", "a line"]),
    },
)
ANSWER = st.fixed_dictionaries(
    {"findings": st.lists(FINDING, min_size=1, max_size=6)},
    optional={
        "absent": st.lists(st.sampled_from(CODES), max_size=3),
        "urgency": st.sampled_from(["P1", "P2", "P3", "P4", "P5"]),
    },
)


def read(raw):
    """The answer, or None where it is unusable: nothing else may happen."""
    try:
        return understand(raw, CHEST, VIEWS)
    except AnswerUnusable as problem:
        return None if problem.raw == raw else problem


def holds(got):
    codes = {finding.code for finding in got.findings}
    assert codes <= {*VOCABULARY.terms, "wr:other"}
    assert set(CHEST.critical_codes) <= codes
    judged = any(f.presence is not Presence.NOT_ASSESSABLE and f.code != "wr:other" for f in got.findings)
    assert got.priority_claim not in LOW or judged
    for finding in got.findings:
        assert finding.probability is None
        assert len(finding.rationale or "") <= 240


def survives(raw):
    got = read(raw)
    if got is not None:
        holds(got)
        with_synthesis(got, raw)
    try:
        saved = salvage(raw, CHEST, VIEWS)
    except AnswerUnusable:
        return
    holds(saved)
    assert saved.priority_claim in (None, Priority.P1, Priority.P2)
    assert Presence.ABSENT not in {finding.presence for finding in saved.findings}


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_read_or_unusable(raw):
    survives(raw)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_read_or_unusable(raw):
    survives(raw.decode("utf-8", "replace"))
    survives(raw.decode("latin-1"))


@settings(deadline=None, max_examples=200)
@given(JSON)
def test_any_json_is_a_read_or_unusable(data):
    survives(json.dumps(data))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), SCALARS, max_size=6))
def test_json_of_another_kind_never_says_that_a_study_can_wait(data):
    got = read(json.dumps({**data, "urgency": "P5"}))
    assert got is None or got.priority_claim not in LOW


@settings(deadline=None, max_examples=200)
@given(ANSWER, st.data())
def test_a_damaged_answer_is_a_read_or_unusable(data, draw):
    raw = json.dumps(data)
    at = draw.draw(st.integers(0, len(raw)))
    to = draw.draw(st.integers(at, min(len(raw), at + 12)))
    survives(raw[:at] + draw.draw(st.text(max_size=4)) + raw[to:])
    survives(raw[:at])


@settings(deadline=None)
@given(ANSWER, st.integers(1, 400))
def test_a_cut_answer_is_never_a_read(data, length):
    raw = json.dumps(data)
    assert read(raw[: min(length, len(raw) - 1)]) is None


@settings(deadline=None)
@given(ANSWER, st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_nothing(data, random):
    shuffled = list(data["findings"])
    random.shuffle(shuffled)
    first, second = read(json.dumps(data)), read(json.dumps({**data, "findings": shuffled}))
    assert (first is None) == (second is None)
    assert first is None or first.findings == second.findings


def loudest(got, code):
    order = (Presence.NOT_ASSESSABLE, Presence.ABSENT, Presence.UNCERTAIN, Presence.PRESENT)
    return max((order.index(f.presence) for f in got.findings if f.code == code), default=-1)


def rank(got):
    return got.priority_claim.rank if got.priority_claim else 9


@settings(deadline=None)
@given(ANSWER, ANSWER)
def test_merging_lowers_nothing(one, other):
    first, second = read(json.dumps(one)), read(json.dumps(other))
    if first is None or second is None:
        return
    for merged in (merge_passes(first, second), merge_calls((first, second)), merge_calls((second, first))):
        for code in CODES:
            assert loudest(merged, code) >= max(loudest(first, code), loudest(second, code))
        assert rank(merged) == min(rank(first), rank(second))
        critical = {f.code for each in (first, second) for f in each.findings if f.claims_critical}
        assert critical == {f.code for f in merged.findings if f.claims_critical}


@settings(deadline=None)
@given(ANSWER)
def test_merging_an_answer_with_itself_changes_no_finding(data):
    got = read(json.dumps(data))
    if got is not None:
        assert merge_passes(got, got).findings == got.findings
        assert merge_calls((got, got)).findings == got.findings


@settings(deadline=None)
@given(st.text(alphabet=" \n\t\r\ufeff", max_size=20))
def test_a_blank_answer_is_unusable(raw):
    assert read(raw) is None
