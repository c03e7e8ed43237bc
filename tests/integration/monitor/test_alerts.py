import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from wetread.domain.alert import Alert, Severity
from wetread.errors import ConfigurationError
from wetread.monitor.alerts import Webhook, open_webhook, watch_once
from wetread.settings import AlertSettings
from wetread.store.alerts import claim, settle, untold
from wetread.store.tables import alerts, events

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(**units):
    return NOW - timedelta(**units)


DEAD = Alert(name="dead_letters", severity=Severity.WARNING, text="1 job failed", value=1, threshold=1)


@pytest.fixture
def missed(site):
    """A dead letter and nobody to work."""
    study = site.study(status="failed", priority="UNREAD")
    site.job(study, "failed", ended_at=ago(minutes=1))
    return site


def test_an_alert_is_raised_once_and_resolved_once(missed, parts, receiver):
    webhook = Webhook(url=receiver.url)
    for _ in range(3):
        watch_once(parts, webhook)
        parts.clock.turn(minutes=1)
    assert receiver.told == [("no_worker", "raised"), ("dead_letters", "raised")] or receiver.told == [
        ("dead_letters", "raised"),
        ("no_worker", "raised"),
    ]
    for _ in range(3):
        missed.worker(seen_at=parts.clock.now())
        watch_once(parts, webhook)
        parts.clock.turn(seconds=1)
    assert receiver.told[2:] == [("no_worker", "resolved")]


def test_a_level_that_is_missed_again_is_raised_again(database, parts):
    assert settle(database, [DEAD], now=NOW, telling=True) == (("dead_letters",), ())
    assert settle(database, [DEAD], now=NOW, telling=True) == ((), ())
    assert settle(database, [], now=NOW, telling=True) == ((), ("dead_letters",))
    assert settle(database, [DEAD], now=NOW, telling=True) == (("dead_letters",), ())
    assert len(untold(database, now=NOW)) == 2


def test_what_the_receiver_did_not_take_is_tried_again_ever_later_in_its_order(missed, parts, receiver):
    missed.worker(seen_at=ago(days=-1))
    webhook, receiver.status = Webhook(url=receiver.url), 500
    for _ in range(60):
        watch_once(parts, webhook)
        parts.clock.turn(seconds=1)
    assert 3 <= len(receiver.posts) <= 5
    settle(parts.database, [], now=parts.clock.now(), telling=True)
    receiver.status, before = 204, len(receiver.posts)
    parts.settings = parts.settings.model_copy(
        update={
            "service": parts.settings.service.model_copy(update={"alerts": AlertSettings(failed_jobs=99, free_bytes=0)})
        }
    )
    watch_once(parts, webhook)
    assert receiver.told[before:] == [("dead_letters", "raised"), ("dead_letters", "resolved")]
    ids = [json.loads(body)["id"] for _, body in receiver.posts[: before + 1]]
    assert len(set(ids)) == 1


def test_a_post_is_signed_over_its_time_and_body_and_names_no_patient(missed, parts, receiver):
    watch_once(parts, Webhook(url=receiver.url, secret="k"))
    headers, body = receiver.posts[0]
    headers = {name.lower(): value for name, value in headers.items()}
    signed = hmac.new(b"k", headers["x-wetread-timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-wetread-signature"] == f"v1={signed}"
    assert headers["x-wetread-delivery"] == json.loads(body)["id"]
    assert not any(word in body.decode() for word in ("DOE", "JANE", "PID-7", "1.2."))


def test_a_redirect_is_not_followed_and_counts_as_not_taken(missed, parts, receiver):
    receiver.status = 307
    watch_once(parts, Webhook(url=receiver.url))
    assert len(untold(parts.database, now=parts.clock.now())) == 0
    parts.clock.turn(seconds=10)
    assert len(untold(parts.database, now=parts.clock.now())) == 2


def test_two_processes_that_look_at_once_raise_and_tell_once(database):
    raised, barrier = [], threading.Barrier(4)

    def one_process():
        barrier.wait()
        raised.extend(settle(database, [DEAD], now=NOW, telling=True)[0])

    threads = [threading.Thread(target=one_process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == ["dead_letters"]
    (one,) = untold(database, now=NOW)
    assert [claim(database, one, now=NOW) for _ in range(3)] == [True, False, False]


def test_without_a_webhook_alerts_are_kept_for_the_pages(missed, parts):
    watch_once(parts, None)
    with parts.database.read() as connection:
        names = set(connection.execute(select(alerts.c.name)).scalars())
        told = set(connection.execute(select(events.c.kind)).scalars())
    assert names == {"no_worker", "dead_letters"}
    assert "alert.raised" in told
    assert untold(parts.database, now=NOW) == []


def test_a_webhook_without_its_key_or_with_a_strange_address_is_refused(monkeypatch):
    monkeypatch.delenv("ALERT_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="ALERT_KEY"):
        open_webhook(AlertSettings(webhook_url="https://a.example/", webhook_secret_env="ALERT_KEY"))
    with pytest.raises(ConfigurationError, match="https"):
        open_webhook(AlertSettings(webhook_url="file:///etc/passwd"))
    assert open_webhook(AlertSettings()) is None
