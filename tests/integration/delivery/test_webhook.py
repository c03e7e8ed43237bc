"""Reports posted to a webhook: signed, never redirected, and each answer taken for what it says."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from reported import report_of, studies_of
from web_receiver import WebReceiver
from wetread.delivery.tools import Tools
from wetread.delivery.webhook import Webhook
from wetread.domain.report import Receipt, Report
from wetread.errors import ConfigurationError, DeliveryFailed
from wetread.monitor.alerts import signature as signature_of_alerts
from wetread.reporting.as_json import as_json
from wetread.reporting.as_text import as_text
from wetread.settings import DestinationSettings
from wetread.testing import phantoms
from wetread.testing.clock import START, TurnableClock

KEY = "a key that both know"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = phantoms.write(phantoms.radiograph(), tmp_path_factory.mktemp("webhook") / "chest.dcm")
    return report_of(*studies_of(path))


def render(report: Report, how: str) -> bytes:
    return {"json": as_json, "text": as_text}[how](report)


def webhook(url: str, **own: object) -> Webhook:
    settings = DestinationSettings.model_validate({"kind": "webhook", "url": url, "timeout_s": 5.0} | own)
    return Webhook.configured("hook", settings, Tools(render=render, clock=TurnableClock()))


def deliver(url: str, report: Report, **own: object) -> Receipt:
    return asyncio.run(webhook(url, **own).deliver(report))


def failure(url: str, report: Report, **own: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(url, report, **own)
    return caught.value


def test_a_report_is_posted_signed_with_its_idempotency_key(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", KEY)
    with WebReceiver() as receiver:
        deliver(receiver.url, report, secret_env="HOOK_KEY")
    (posted,) = receiver.posted
    timestamp = posted.headers["x-wetread-timestamp"]
    expected = hmac.new(KEY.encode(), timestamp.encode() + b"." + posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["x-wetread-signature"] == f"v1={expected}"
    assert posted.headers["x-wetread-signature"] == signature_of_alerts(KEY, timestamp, posted.body)
    assert timestamp == str(int(START.timestamp()))
    assert posted.headers["idempotency-key"] == report.report_id
    assert posted.headers["content-type"] == "application/json"
    assert posted.body == as_json(report)
    assert report.banner in json.dumps(json.loads(posted.body), ensure_ascii=False)


def test_a_resend_is_the_same_body_under_the_same_key_and_gives_the_same_receipt(report: Report) -> None:
    with WebReceiver() as receiver:
        assert deliver(receiver.url, report) == deliver(receiver.url, report)
    first, second = receiver.posted
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert "x-wetread-signature" not in first.headers


def test_the_format_is_the_sites(report: Report) -> None:
    with WebReceiver(200) as receiver:
        deliver(receiver.url, report, format="text")
    assert receiver.posted[0].body == as_text(report)
    assert receiver.posted[0].headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_an_answer_that_may_pass_is_tried_again(report: Report, status: int) -> None:
    with WebReceiver(status) as receiver:
        told = failure(receiver.url, report)
    assert told.retry
    assert str(status) in str(told)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_a_refusal_is_lasting(report: Report, status: int) -> None:
    with WebReceiver(status) as receiver:
        receiver.body = b"no PHANTOM-1 here"
        told = failure(receiver.url, report)
    assert not told.retry
    assert "PHANTOM" not in str(told)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_report_nowhere(report: Report, status: int) -> None:
    with WebReceiver() as elsewhere, WebReceiver(status) as receiver:
        receiver.extra = {"Location": elsewhere.url}
        assert not failure(receiver.url, report).retry
    assert elsewhere.posted == []


def test_an_answer_without_end_is_not_read(report: Report) -> None:
    with WebReceiver(200) as receiver:
        receiver.body = None
        assert deliver(receiver.url, report).report_id == report.report_id


def test_silence_and_nobody_there_are_tried_again(report: Report) -> None:
    with WebReceiver() as receiver:
        receiver.wait_s = 1.0
        assert failure(receiver.url, report, timeout_s=0.2).retry
    assert failure(receiver.url, report).retry


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "ftp://hospital.example/x",
        "http://hospital.example/x",
        "http://10.0.0.7/x",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "https://user:secret@hospital.example/",
        "http://[::2]/",
        "http://[",
        "https://",
        "//hospital.example",
        "http://127.0.0.1:port/",
    ],
)
def test_reports_leave_this_machine_encrypted_or_not_at_all(url: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"service\.destinations\.hook\.url"):
        webhook(url)


@pytest.mark.parametrize(
    "url", ["https://hospital.example/x", "http://localhost:1/", "http://[::1]:8/", "http://127.1.2.3/"]
)
def test_encrypted_or_on_this_machine_is_taken(url: str) -> None:
    assert webhook(url).name == "hook"


def test_a_key_that_is_not_set_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="HOOK_KEY"):
        webhook("https://hospital.example/", secret_env="HOOK_KEY")


def test_a_stranger_with_another_certificate_gets_no_report(report: Report, tmp_path: Path) -> None:
    with WebReceiver() as receiver:
        told = failure(receiver.url.replace("http://", "https://"), report)
    assert told.retry
    assert receiver.posted == []
