import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from wetread.monitor.daily import as_json, as_text, gather
from wetread.monitor.metrics import exposition
from wetread.store import audit
from wetread.store.figures import figures

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(**units):
    return NOW - timedelta(**units)


PATIENT = ("DOE", "JANE", "PID-7", "1.2.1")


@pytest.fixture
def busy(site):
    """One study queued, one critical and open, one unread, one signed."""
    site.study(completed_at=ago(minutes=40), arrived_at=ago(minutes=41))
    critical = site.study(
        status="reported", priority="P1", lane=1, arrived_at=ago(minutes=50), completed_at=ago(minutes=45)
    )
    site.report(critical, priority="P1", at=ago(minutes=44))
    site.read(critical, at=ago(minutes=44), claim="P1", cost_usd=0.25)
    site.read(critical, at=ago(minutes=44), reader="free", cost_usd=None)
    unread = site.study(status="failed", priority="UNREAD", arrived_at=ago(hours=2), completed_at=ago(minutes=30))
    name = site.report(unread, priority="UNREAD", at=ago(minutes=20))
    site.read(unread, at=ago(minutes=20), answered=False, cost_usd=None)
    site.job(unread, "failed", ended_at=ago(minutes=20))
    site.delivery(unread, name, "waiting")
    signed = site.study(
        status="signed", priority="P4", open=False, arrived_at=ago(hours=5), completed_at=ago(hours=4, minutes=59)
    )
    site.report(signed, priority="P4", at=ago(hours=4))
    site.read(signed, at=ago(hours=4), cost_usd=0.5)
    site.report(signed, priority="P4", at=ago(hours=3), status="final")
    site.worker(seen_at=ago(seconds=2))
    site.worker(seen_at=ago(minutes=2))
    return site


def test_figures_count_what_stands_in_the_store(busy):
    found = figures(busy.database, now=NOW, stale_after_s=10)
    assert found.studies == {
        ("open", "queued", "none"): 1,
        ("open", "reported", "P1"): 1,
        ("open", "failed", "UNREAD"): 1,
        ("done", "signed", "P4"): 1,
    }
    assert (found.oldest_queued_at, found.oldest_critical_at) == (ago(minutes=40), ago(minutes=50))
    assert (found.critical_open, found.overdue, found.oldest_open_at) == (1, 1, ago(hours=2))
    assert (found.jobs, found.deliveries, found.workers) == ({("read", "failed"): 1}, {"waiting": 1}, 1)
    assert [(one.answered, one.since_complete_s) for one in found.reported] == [(True, 60.0), (False, 600.0)]
    assert {one.reader: (one.answered, one.claimed_critical, one.cost_usd, one.unpriced) for one in found.spend} == {
        "free": (1, 0, 0.0, 1),
        "paid": (2, 1, 0.75, 0),
    }


def test_an_empty_store_has_figures_too(database):
    found = figures(database, now=NOW, stale_after_s=10)
    assert (found.studies, found.oldest_queued_at, found.objects, found.reported) == ({}, None, 0, ())
    assert gather(database, NOW.date(), zone=NOW.tzinfo, now=NOW).ai_success_rate is None


def test_a_wait_that_a_later_image_moved_is_unknown_and_not_wrong(site):
    study = site.study(status="reported", version=2, last_arrival_at=ago(minutes=5), completed_at=ago(minutes=4))
    site.report(study, at=ago(minutes=20), version=2)  # older than the image that came since
    (found,) = figures(site.database, now=NOW, stale_after_s=10).reported
    assert (found.since_arrival_s, found.since_complete_s) == (None, None)


def metrics(database, **more):
    body, kind = exposition(database, now=NOW, stale_after_s=10, free_bytes={"spool": 5}, **more)
    return body.decode(), kind


def test_metrics_are_what_prometheus_reads_and_name_no_patient(busy):
    from prometheus_client.parser import text_string_to_metric_families

    body, kind = metrics(busy.database)
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert kind.startswith("text/plain")
    assert found["wetread_studies", "P1", "open", "reported"] == 1
    assert found["wetread_queue_oldest_wait_seconds",] == 2400
    assert found["wetread_critical_oldest_wait_seconds",] == 3000
    assert found["wetread_dead_letters",] == found["wetread_workers",] == found["wetread_store_up",] == 1
    assert found["wetread_hour_reports", "unread"] == 1
    assert found["wetread_hour_turnaround_seconds", "0.5"] == 60
    assert found["wetread_today_spend_usd", "paid"] == 0.75
    assert found["wetread_day_critical_claims_ratio", "paid"] == 0.5
    assert found["wetread_free_bytes", "spool"] == 5
    assert found["wetread_objects_total",] == 0
    assert not any(word in body for word in PATIENT)


def test_metrics_are_given_as_openmetrics_where_they_are_asked_for(busy):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    body, kind = metrics(busy.database, accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert {family.name for family in text_string_to_metric_families(body)} > {"wetread_studies", "wetread_objects"}


def test_a_store_that_is_gone_is_a_metric_and_no_error(tmp_path):
    from wetread.store.database import Database, store_url

    body, _ = metrics(Database(store_url("postgresql://nobody@127.0.0.1:1/none", tmp_path)))
    assert "wetread_store_up 0.0" in body
    assert 'wetread_free_bytes{place="spool"} 5.0' in body


def test_the_daily_report_adds_up(busy):
    head = audit.append(busy.database, actor="a", roles=[], action="start", object="o", outcome="success", now=NOW)
    found = gather(busy.database, date(2026, 11, 21), zone=NOW.tzinfo, now=NOW)
    assert (found.arrived, found.completed, found.critical, found.unread, found.signed) == (4, 3, 1, 1, 1)
    assert found.ai_success_rate == pytest.approx(2 / 3)
    assert (found.failed_jobs, found.open_now, found.overdue_now) == (1, 3, 1)
    assert found.turnaround["P4"].max_s == 3600
    assert (found.reading.p50_s, found.reading.max_s) == (600, 3540)
    assert found.signing.p50_s == 7200
    assert found.audit_head == str(head)


def test_the_daily_report_is_written_for_people_and_programs_and_names_no_patient(busy):
    found = gather(busy.database, date(2026, 11, 21), zone=NOW.tzinfo, now=NOW)
    text, told = as_text(found), json.dumps(as_json(found))
    assert "AI success rate        66.7%" in text
    assert "(+ 1 of unknown cost)" in text
    assert json.loads(told)["readers"][1]["cost_usd"] == 0.75
    assert not any(word in text + told for word in PATIENT)


def test_a_day_begins_at_midnight_of_the_sites_zone(site):
    site.study(arrived_at=ago(hours=11))  # 01:00 UTC
    west = timezone(timedelta(hours=-5))
    assert gather(site.database, date(2026, 11, 21), zone=NOW.tzinfo, now=NOW).arrived == 1
    assert gather(site.database, date(2026, 11, 21), zone=west, now=NOW).arrived == 0
    assert gather(site.database, date(2026, 11, 20), zone=west, now=NOW).arrived == 1
