"""An alarm of the drift charts reaches the webhook and the metrics, and ends when the next look is quiet."""

from datetime import UTC, datetime, timedelta

import pytest

from drift_site import READER, Site, changed
from wetread.evaluate.drift.daily import Asked, keep, look_today, quiet_baseline
from wetread.monitor.alerts import Webhook, watch_once
from wetread.monitor.metrics import exposition
from wetread.settings import Settings
from wetread.testing.clock import TurnableClock

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # of `parts`


@pytest.fixture
def site(database, tmp_path):
    made = Site(database, tmp_path / "site", settings=Settings(data_dir=tmp_path, default_readers=()))
    made.clock = TurnableClock(NOW - timedelta(days=3))
    since = made.clock.now()
    made.period(1, 110)
    asked = Asked(reader=READER, since=since, until=made.clock.now(), reason="quiet")
    with database.read() as connection:
        baseline = quiet_baseline(connection, asked, now=made.clock.now())
    with database.write() as connection:
        keep(connection, asked, baseline, by="ada", now=made.clock.now())
    return made


def look(site):
    return look_today(site.database, READER, site.settings.service.drift, now=site.clock.now())


def metrics(site):
    body, _ = exposition(site.database, now=site.clock.now(), stale_after_s=10, free_bytes={})
    return [line for line in body.decode().splitlines() if line.startswith("wetread_drift")]


def test_a_silent_swap_is_told_once_and_resolved_once(site, parts, receiver):
    webhook = Webhook(url=receiver.url)
    site.period(2, 250, changed(answered_by="model-2026-07"))
    look(site)
    for _ in range(2):
        watch_once(parts, webhook)
    told = [one for one in receiver.told if one[0].startswith("drift")]
    assert told == [(f"drift_fingerprint:{READER}", "raised")]
    assert b"another model answers in its place" in b"".join(body for _, body in receiver.posts)
    assert f'wetread_drift_level{{kind="fingerprint",reader="{READER}"}} 2.0' in metrics(site)
    assert f'wetread_drift_raised{{kind="fingerprint",reader="{READER}"}} 1.0' in metrics(site)
    site.period(3, 250)
    look(site)
    watch_once(parts, webhook)
    told = [one for one in receiver.told if one[0].startswith("drift")]
    assert told[1:] == [(f"drift_fingerprint:{READER}", "resolved")]
    assert f'wetread_drift_level{{kind="fingerprint",reader="{READER}"}} 0.0' in metrics(site)


def test_too_few_studies_to_say_anything_are_no_level(site):
    assert metrics(site) == []
    site.period(2, 5)
    look(site)
    assert f'wetread_drift_level{{kind="fingerprint",reader="{READER}"}} 0.0' in metrics(site)
    assert not [line for line in metrics(site) if 'kind="latency"' in line]
    assert [line for line in metrics(site) if line.startswith("wetread_drift_look_timestamp_seconds")]
