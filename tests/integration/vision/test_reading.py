"""A film through the whole house to a fake provider and back: every ending is a read, a fallback or an UNREAD."""

import json
import os

import pytest
from fake_providers import PATHS, answer, at, finding, reports, site
from llmock.scenarios import Delay

from wetread.domain.finding import Presence
from wetread.domain.read import Abstention, Read
from wetread.domain.urgency import Priority

pytestmark = pytest.mark.usefixtures("one_look")
FORMATS = sorted(PATHS)
PASSING = (429, 500, 503, 529)
FAILING = [(provider, status) for provider in FORMATS for status in PASSING]
"""Every format with every status in full; else the first format with every status, the others with one each."""
if os.environ.get("WETREAD_MEASURE") != "full":
    others = [(provider, PASSING[n % len(PASSING)]) for n, provider in enumerate(FORMATS[1:])]
    FAILING = [*FAILING[: len(PASSING)], *others]
PNEUMOTHORAX = "wr:pneumothorax"
GOOD = answer(
    finding(PNEUMOTHORAX, side="left", confidence=80, box=[600, 100, 900, 400], rationale="visible pleural line"),
    urgency="P1",
    impression=[{"text": "Left pneumothorax.", "codes": [PNEUMOTHORAX]}],
)


def said(llmock, what: object, **more: object) -> None:
    llmock.reply(what if isinstance(what, str) else json.dumps(what), **more)


def only(made: list) -> tuple:
    (report,) = made
    (told,) = report.answers
    return report, told


@pytest.mark.parametrize("provider", FORMATS)
def test_a_good_answer_is_a_read_by_every_wire_format(llmock, tmp_path, provider):
    said(llmock, GOOD)
    report, read = only(reports(site(tmp_path, fake=at(llmock, provider)), "fake"))
    assert isinstance(read, Read), read
    (found,) = [one for one in read.findings if one.presence is Presence.PRESENT]
    assert (found.code, found.laterality.value) == (PNEUMOTHORAX, "left")
    assert found.evidence[0].box == pytest.approx((0.6, 0.1, 0.9, 0.4), abs=0.01)
    assert found.probability is None, "a stated confidence is no calibrated probability"
    assert report.urgency.priority is Priority.P1
    assert read.usage.calls == 1
    assert read.trace.prompt.startswith("cr-dx-chest/")


def test_what_was_sent_is_pictures_and_the_checklist_alone(llmock, tmp_path):
    said(llmock, GOOD)
    reports(site(tmp_path, fake=at(llmock, "openai")), "fake")
    sent = json.dumps(llmock.last_request.body)
    assert "wr:tension-pneumothorax" in sent
    assert "film-00012975" not in sent
    assert "1.2.826" not in sent, "no UID leaves"


@pytest.mark.parametrize(("provider", "status"), FAILING)
def test_a_passing_failure_is_tried_again(llmock, tmp_path, provider, status):
    llmock.fail(status, retry_after=0.05 if status == 429 else None, provider=PATHS[provider][0])
    said(llmock, GOOD)
    _, read = only(reports(site(tmp_path, fake=at(llmock, provider)), "fake"))
    assert isinstance(read, Read), read
    assert read.trace.attempts == 2
    llmock.assert_resilient()


def test_retry_after_is_honoured(llmock, tmp_path):
    llmock.rate_limit(times=2, retry_after=0.4)
    said(llmock, GOOD)
    _, read = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert isinstance(read, Read)
    llmock.assert_resilient(strict=True)


def test_a_lasting_failure_is_unread_and_never_routine(llmock, tmp_path):
    llmock.outage()
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai", retries=1)), "fake"))
    assert isinstance(told, Abstention)
    assert told.failed
    assert report.urgency.priority is Priority.UNREAD
    assert report.consensus is None


def test_a_refused_key_is_asked_once_and_never_replaced(llmock, tmp_path):
    llmock.fail(401, times=None)
    settings = site(tmp_path, fake=at(llmock, "openai", fallback=["other"]), other=at(llmock, "anthropic"))
    report, told = only(reports(settings, "fake"))
    assert told.code == "key_rejected"
    assert len(llmock.requests) == 1
    assert report.urgency.priority is Priority.UNREAD


def test_an_outage_falls_back_to_the_next_reader_and_says_so(llmock, tmp_path):
    llmock.fail(503, times=None, provider="openai")
    said(llmock, GOOD, provider="anthropic")
    settings = site(tmp_path, fake=at(llmock, "openai", retries=0, fallback=["other"]), other=at(llmock, "anthropic"))
    _, read = only(reports(settings, "fake"))
    assert isinstance(read, Read)
    assert read.reader.name == "other"
    assert "fake" in read.trace.hops[0]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with medical images.",
        "As an AI model I cannot provide a diagnosis.",
        "",
        "{}",
        "[]",
        "null",
        '{"findings": "none"}',
        "Everything is fine, have a nice day!",
        '{"diagnosis_of_weather": "sunny"}',
    ],
)
def test_an_answer_without_a_finding_is_unread_after_one_repair_turn(llmock, tmp_path, text):
    said(llmock, text or " ", times=None)
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert isinstance(told, Abstention), told
    assert report.urgency.priority is Priority.UNREAD
    assert len(llmock.requests) <= 2


def test_the_raw_text_of_an_unusable_answer_is_kept(llmock, tmp_path):
    said(llmock, "Everything is fine, have a nice day!", times=None)
    _, told = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert "nice day" in told.original


def test_a_repair_turn_mends_an_answer_of_the_wrong_schema(llmock, tmp_path):
    said(llmock, '{"result": "see attachment"}')
    said(llmock, GOOD)
    _, read = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert isinstance(read, Read)
    assert read.trace.repairs == 1


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("Here you are:\n```json\n" + json.dumps(GOOD) + "\n```\nStay well.", True),
        ("The lungs: " + json.dumps(GOOD), True),
        (json.dumps(GOOD)[:-1] + ",}", True),
        ("There is a left pneumothorax. No pleural effusion.", True),
        ("No pneumothorax. No pleural effusion. Heart size is normal.", False),
    ],
)
def test_fenced_broken_and_prose_answers_are_still_reads(llmock, tmp_path, text, present):
    said(llmock, text, times=None)
    report, read = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert isinstance(read, Read), read
    seen = {one.code for one in read.findings if one.presence is Presence.PRESENT}
    assert (PNEUMOTHORAX in seen) is present
    assert (report.urgency.priority is Priority.P1) is present


def test_what_a_cut_off_answer_had_found_still_raises_urgency(llmock, tmp_path):
    said(llmock, json.dumps(GOOD)[: json.dumps(GOOD).index("wr:pneumonia") + 5], times=None)
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert report.urgency.priority in {Priority.P1, Priority.UNREAD}
    if isinstance(told, Read):
        assert not [one for one in told.findings if one.presence is Presence.ABSENT]


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ({"urgency": "Critical", "findings": "Large left pneumothorax.", "confidence_level": "high"}, Priority.P1),
        ({"urgency_level": "CRITICAL", "critical_findings": ["tension pneumothorax"]}, Priority.P1),
        (
            {"primary_diagnosis": "pneumothorax", "urgency": 5, "differential_diagnosis": {"pneumothorax": 0.8}},
            Priority.P1,
        ),
    ],
)
def test_foreign_schemes_are_understood(llmock, tmp_path, foreign, expected):
    said(llmock, foreign, times=None)
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai-compatible")), "fake"))
    assert isinstance(told, Read), told
    assert report.urgency.priority is expected


def test_the_second_pass_sees_the_context_and_can_only_raise(llmock, tmp_path):
    context = tmp_path / "context.json"
    context.write_text(json.dumps({"clinical_question": "Pneumothorax?", "symptoms": ["dyspnoea"]}))
    said(llmock, GOOD)
    said(llmock, answer(absent=[PNEUMOTHORAX], urgency="P5"))
    report, read = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake", context=context))
    first, second = (json.dumps(one.body) for one in llmock.requests)
    assert "dyspnoea" not in first
    assert "dyspnoea" in second
    assert read.trace.passes == ("pixels", "context")
    assert report.urgency.priority is Priority.P1


@pytest.mark.parametrize("fate", ["down", "unusable", "out of money"])
def test_a_second_pass_that_fails_leaves_the_first_standing(llmock, tmp_path, fate):
    context = tmp_path / "context.json"
    context.write_text(json.dumps({"clinical_question": "Pneumothorax?"}))
    said(llmock, GOOD)
    row = at(llmock, "openai", retries=0)
    if fate == "down":
        row = at(llmock, "openai", retries=0, timeout_s=2)
        llmock.add(Delay(0.0), Delay(9.0, times=None))
    elif fate == "unusable":
        said(llmock, "Have a nice day!", times=None)
    else:
        row = at(llmock, "openai", budget_usd_per_run=0.047)
    report, read = only(reports(site(tmp_path, fake=row), "fake", context=context))
    assert isinstance(read, Read), read
    assert report.urgency.priority is Priority.P1
    assert any(limit.code == "context_not_read" for limit in read.limitations)


def test_a_repair_turn_that_breaks_down_leaves_what_was_said(llmock, tmp_path):
    said(llmock, "There is a left pneumothorax.")
    llmock.add(Delay(0.0), Delay(9.0, times=None))
    report, read = only(reports(site(tmp_path, fake=at(llmock, "openai", retries=0, timeout_s=2)), "fake"))
    assert isinstance(read, Read), read
    assert report.urgency.priority is Priority.P1


def test_an_abstention_is_the_readers_reason(llmock, tmp_path):
    said(llmock, answer(abstain="this is a photograph of a cat"))
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai")), "fake"))
    assert isinstance(told, Abstention)
    assert "cat" in told.reason
    assert not told.failed
    assert report.urgency.priority is Priority.UNREAD


def test_a_budget_stops_before_the_call(llmock, tmp_path):
    report, told = only(reports(site(tmp_path, fake=at(llmock, "openai", budget_usd_per_run=0.0001)), "fake"))
    assert told.code == "budget_spent"
    assert not llmock.requests
    assert report.urgency.priority is Priority.UNREAD


def test_a_budget_is_checked_again_on_the_fallback_hop(llmock, tmp_path):
    llmock.fail(503, times=None, provider="openai")
    settings = site(
        tmp_path,
        fake=at(llmock, "openai", retries=0, fallback=["other"]),
        other=at(llmock, "anthropic"),
        budget_usd_per_run=0.0001,
    )
    _, told = only(reports(settings, "fake"))
    assert isinstance(told, Abstention)
    assert not llmock.requests


def test_an_endpoint_off_the_site_is_sent_nothing_by_default(llmock, tmp_path):
    away = {**at(llmock, "openai"), "base_url": "https://reader.example/v1"}
    report, told = only(reports(site(tmp_path, fake=away), "fake"))
    assert told.code == "egress_denied"
    assert report.urgency.priority is Priority.UNREAD


def test_a_model_that_reads_text_only_is_refused_with_the_reason(llmock, tmp_path):
    row = {**at(llmock, "openai-compatible"), "provider": "deepseek", "model_id": "deepseek-chat"}
    _, told = only(reports(site(tmp_path, fake=row), "fake"))
    assert isinstance(told, Abstention)
    assert "picture" in told.reason
    assert not llmock.requests


def test_a_panel_keeps_the_answers_of_those_who_could(llmock, tmp_path):
    said(llmock, GOOD, provider="openai", times=None)
    llmock.fail(503, times=None, provider="anthropic")
    settings = site(
        tmp_path,
        one=at(llmock, "openai"),
        two=at(llmock, "anthropic", retries=0),
        panels={"both": {"readers": ["embedded", "one", "two"], "votes": {"one": 1.5}}},
    )
    (report,) = reports(settings, "both")
    assert {told.reader.name: isinstance(told, Read) for told in report.answers} == {
        "embedded": True,
        "one": True,
        "two": False,
    }
    assert report.urgency.priority is Priority.P1


def test_the_same_film_twice_is_asked_about_once(llmock, tmp_path):
    said(llmock, GOOD, times=None)
    settings = site(tmp_path, fake=at(llmock, "openai", cache="disk"))
    for _ in range(2):
        _, read = only(reports(settings, "fake"))
        assert isinstance(read, Read)
    assert len(llmock.requests) == 1
    assert read.trace.cached
    assert read.cost_usd == 0.0
