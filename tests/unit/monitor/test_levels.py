from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wetread.domain.alert import Severity
from wetread.monitor.levels import look
from wetread.monitor.quantiles import quantile
from wetread.settings import AlertSettings
from wetread.store.drift import DriftFigures, Raised
from wetread.store.figures import Figures, ReaderFigures, Reported

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WELL = Figures(
    at=NOW,
    studies={},
    oldest_queued_at=None,
    critical_open=0,
    oldest_critical_at=None,
    overdue=0,
    oldest_open_at=None,
    jobs={},
    deliveries={},
    workers=1,
    objects=0,
    problems=0,
    reported=(),
    spend=(),
    readers=(),
)
SETTINGS = AlertSettings(spend_usd_per_day=10)
ROOM = {"spool": 100 << 30}


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def reported(number, *, answered):
    return Reported(
        study_id=str(number),
        priority="P3",
        at=NOW,
        answered=answered,
        broke=not answered,
        since_arrival_s=1.0,
        since_complete_s=1.0,
    )


def reader(**values):
    usual = {"reader": "a", "asked": 100, "answered": 100, "claimed_critical": 0, "cost_usd": 0.0, "unpriced": 0}
    return ReaderFigures(**{**usual, **values})


def names(figures, room=ROOM, settings=SETTINGS):
    return [alert.name for alert in look(figures, settings, free_bytes=room)]


def test_where_all_is_well_nothing_is_raised():
    assert names(WELL) == []


@pytest.mark.parametrize(
    ("missed", "kept", "name"),
    [
        ({"oldest_critical_at": ago(15)}, {"oldest_critical_at": ago(14)}, "critical_wait"),
        ({"oldest_queued_at": ago(30)}, {"oldest_queued_at": ago(29)}, "queue_wait"),
        ({"workers": 0}, {"workers": 1}, "no_worker"),
        ({"jobs": {("read", "failed"): 1}}, {"jobs": {("read", "running"): 9}}, "dead_letters"),
        ({"spend": (reader(cost_usd=6), reader(cost_usd=4))}, {"spend": (reader(cost_usd=9.99),)}, "spend"),
        ({"readers": (reader(claimed_critical=11),)}, {"readers": (reader(claimed_critical=10),)}, "critical_claims:a"),
        (
            {"reported": tuple(reported(n, answered=n > 0) for n in range(5))},
            {"reported": tuple(reported(n, answered=n > 0) for n in range(6))},
            "failure_rate",
        ),
    ],
)
def test_each_level_is_missed_at_its_limit_and_not_before(missed, kept, name):
    assert names(replace(WELL, **missed)) == [name]
    assert names(replace(WELL, **kept)) == []


def test_room_is_told_by_place():
    assert names(WELL, {"spool": 1, "blobs": 100 << 30}) == ["free_bytes:spool"]


def test_a_share_of_few_studies_says_nothing():
    assert names(replace(WELL, reported=tuple(reported(n, answered=False) for n in range(4)))) == []


def test_a_study_that_was_read_in_the_end_is_no_failure():
    twice = tuple(reported(n, answered=answered) for n in range(9) for answered in (False, True))
    assert names(replace(WELL, reported=twice)) == []


def test_what_must_be_looked_at_now_comes_first():
    alerts = look(replace(WELL, workers=0, jobs={("read", "failed"): 3}), SETTINGS, free_bytes=ROOM)
    assert [alert.severity for alert in alerts] == [Severity.CRITICAL, Severity.WARNING]


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 3.0), (0.9, 5.0), (1.0, 5.0), (0.0, 1.0)])
def test_a_quantile_is_a_value_that_was_seen(share, wanted):
    assert quantile([5.0, None, 1.0, 3.0, 2.0, 4.0], share) == wanted
    assert quantile([None], share) is None


def moved(kind, what, level="alarm", value=0.4, limit=0.25):
    return Raised(kind=kind, what=what, level=level, value=value, limit=limit, n=200)


def test_drift_that_somebody_must_act_on_is_one_alert_a_reader_and_kind():
    several = [moved("metadata", name) for name in ("model", "station", "software", "view")]
    raised = (*several, moved("metadata", "sex", "warn"), moved("pictures", "descriptor", "warn"))
    found = replace(WELL, drift=(DriftFigures(reader="a", at=NOW, levels={}, raised=raised),))
    [alert] = look(found, SETTINGS, free_bytes=ROOM)
    assert (alert.name, alert.severity) == ("drift_metadata:a", Severity.WARNING)
    assert (alert.value, alert.threshold) == (0.4, 0.25)
    assert "(model, station, software and 1 more)" in alert.text
    assert "sex" not in alert.text


@pytest.mark.parametrize("kind", ["fingerprint", "sentinel"])
def test_a_reader_that_is_not_the_one_it_was_is_critical(kind):
    raised = (moved(kind, "a", value=None, limit=None),)
    found = replace(WELL, drift=(DriftFigures(reader="a", at=NOW, levels={}, raised=raised),))
    [alert] = look(found, SETTINGS, free_bytes=ROOM)
    assert (alert.name, alert.severity, alert.value) == (f"drift_{kind}:a", Severity.CRITICAL, 0.0)
