"""What has moved is found in the service's own store: planted drift alarms within the stated window, quiet days do not.

A window is one daily look at 200 studies. What one answer betrays alarms on the day; what must be seen twice in a row
(pictures, agreement) alarms with the second window.
"""

import itertools
import json
import shutil
from datetime import timedelta
from functools import cache

import pytest
from reports import VOCABULARY, report
from sqlalchemy import delete, func, insert, select, update

from drift_site import FINDINGS, MONDAY, QUIET, READER, Site, changed
from wetread.domain.read import Answer
from wetread.domain.review import Decision, Verdict, findings_of, signed
from wetread.errors import InputError
from wetread.evaluate.drift.baseline import parse_baseline
from wetread.evaluate.drift.daily import Asked, keep, look_today, measures_of, quiet_baseline, studies_of
from wetread.evaluate.drift.measure import DriftKind, Level
from wetread.settings import Settings
from wetread.store.database import Database, store_url
from wetread.store.drift import last_baseline, looks_of
from wetread.store.records import from_record, to_record
from wetread.store.schema import migrate
from wetread.store.tables import descriptors, drift_looks, reads, reports, studies
from wetread.testing.studies import finding, read
from wetread.wiring.drifting import Drifting

BASELINE, WINDOW = 500, 200


def make_baseline(site, since, reader=READER):
    asked = Asked(reader=reader, since=since, until=site.clock.now(), reason="the first weeks")
    with site.database.read() as connection:
        made = quiet_baseline(connection, asked, now=site.clock.now())
    with site.database.write() as connection:
        return keep(connection, asked, made, by="ada", now=site.clock.now())


def describe(site, *, pictures=False):
    """Describe what is new; making the pictures takes its time."""
    return Drifting(site.service, site.isolation if pictures else None).describe_new()


def look(site, reader=READER, *, pictures=False):
    """Describe what is new and look, as the daily round does."""
    describe(site, pictures=pictures)
    return look_today(site.database, reader, site.settings.service.drift, now=site.clock.now())


def alarms(seen):
    return {one.kind for one in seen.measures if one.level is Level.ALARM}


@pytest.fixture(scope="module")
def quiet_past(tmp_path_factory):
    """A store with two quiet days of 250 studies each, described, and a baseline of them."""
    folder = tmp_path_factory.mktemp("past")
    site = Site(_opened(folder / "wetread.sqlite"), folder)
    since = site.clock.now()
    site.period(1, BASELINE, hours=48)
    assert describe(site, pictures=True) == BASELINE
    make_baseline(site, since)
    site.database.close()
    return folder, site


def _opened(path):
    database = Database(store_url(f"sqlite:///{path}", path.parent))
    migrate(database)
    return database


@pytest.fixture
def site(quiet_past, tmp_path):
    """The same past, for each test its own."""
    folder, past = quiet_past
    shutil.copy(folder / "wetread.sqlite", tmp_path / "wetread.sqlite")
    made = object.__new__(Site)
    made.__dict__.update(past.__dict__)
    made.database = _opened(tmp_path / "wetread.sqlite")
    made.clock = type(past.clock)(past.clock.now())
    made._numbers = itertools.count(BASELINE + 1)
    parts = {name: getattr(past.service, name) for name in ("settings", "data_dir", "blobs", "spool")}
    made.service = type(past.service)(**parts, database=made.database, clock=made.clock)
    yield made
    made.database.close()


def test_twenty_quiet_windows_raise_no_alarm(site):
    levels = []
    for run in range(20):
        site.period(100 + run, WINDOW)
        _described_like_the_past(site)
        seen = look(site)
        assert seen.is_full
        assert seen.studies == WINDOW
        levels.append(seen.level)
        assert alarms(seen) == set(), [one for one in seen.measures if one.level is Level.ALARM]
    print(f"20 quiet windows of {WINDOW}: {levels.count(Level.WARN)} warned, 0 alarmed")  # noqa: T201


def _described_like_the_past(site):
    """Descriptors of this window's studies, of the same films as the service itself described before."""
    with site.database.write() as connection:
        known = connection.scalars(select(descriptors.c.body)).all()[:BASELINE]
        missing = select(reads.c.study_id).outerjoin(descriptors, descriptors.c.study_id == reads.c.study_id)
        new = connection.scalars(missing.where(descriptors.c.study_id.is_(None))).all()
        start = int(new[0], 16) % BASELINE
        rows = [
            {"study_id": one, "at": site.clock.now(), "body": known[(start + 7 * n) % BASELINE]}
            for n, one in enumerate(new)
        ]
        connection.execute(insert(descriptors), rows)


def test_a_changed_scanner_alarms_with_the_first_window(site):
    site.period(2, WINDOW, changed(manufacturers={"North": 0.25, "South": 0.15, "East": 0.6}))
    seen = look(site)
    assert seen.level is Level.ALARM
    told = next(one for one in seen.measures if one.what == "manufacturer")
    assert (told.level, told.kind, told.n) == (Level.ALARM, DriftKind.METADATA, WINDOW)
    assert told.value > told.limit >= 0.25
    assert "(other)" in told.text  # the baseline had nobody called East


def test_inverted_pictures_warn_with_the_first_window_and_alarm_with_the_second(site):
    levels = []
    for day in range(2):
        site.period(30 + day, WINDOW, changed(inverted=True))
        seen = look(site, pictures=True)
        levels.append({one.kind: one.level for one in seen.measures}[DriftKind.PICTURES])
    assert levels == [Level.WARN, Level.ALARM]
    assert alarms(seen) == {DriftKind.PICTURES}


def test_a_shifted_prevalence_alarms_with_the_first_window(site):
    site.period(4, WINDOW, changed(findings={**FINDINGS, "wr:pneumothorax": 0.15}))
    seen = look(site)
    assert alarms(seen) == {DriftKind.PREVALENCE}
    assert {one.what.split()[0] for one in seen.measures if one.level is Level.ALARM} == {"wr:pneumothorax"}


@pytest.mark.parametrize("swap", [{"fingerprint": "fp-2"}, {"answered_by": "model-2026-07"}])
def test_a_silent_swap_alarms_with_the_first_study_read_by_another_model(site, swap):
    site.period(5, 3)
    site.period(6, 1, changed(**swap), hours=1)
    seen = look(site)
    assert alarms(seen) == {DriftKind.FINGERPRINT}
    told = next(one for one in seen.measures if one.kind is DriftKind.FINGERPRINT)
    assert (told.n, told.value) == (4, 0.25)
    assert next(iter(swap.values())) in told.text
    assert not seen.is_full  # the other charts wait for more


def test_a_slower_reader_and_a_dearer_bill_alarm_with_the_first_window(site):
    site.period(7, WINDOW, changed(latency_s=8.0, billed=1.2))
    assert alarms(look(site)) == {DriftKind.LATENCY, DriftKind.TOKENS}


def test_a_small_site_waits_until_its_window_is_full_and_counts_no_study_twice(site):
    seen = []
    for day in range(4):
        site.period(60 + day, 60)
        seen.append(look(site))
    assert [one.studies for one in seen] == [60, 120, 180, 240]
    assert [one.is_full for one in seen] == [False, False, False, True]
    assert len({one.since for one in seen}) == 1
    site.period(64, 60)
    last = look(site)
    assert (last.studies, last.since) == (60, seen[-1].until)
    few = next(one for one in last.measures if one.what == "manufacturer")
    assert (few.level, few.value) == (Level.TOO_FEW, None)


def test_an_alarm_stands_until_enough_studies_say_otherwise(site):
    site.period(8, WINDOW, changed(manufacturers={"North": 0.25, "South": 0.15, "East": 0.6}))
    assert look(site).level is Level.ALARM
    began = site.clock.now()
    site.period(9, 20)
    after = look(site)
    assert alarms(after) == {DriftKind.METADATA}  # twenty studies end no alarm
    assert json.loads(_last(site).body["memory"])["since"]["metadata: manufacturer"].startswith(began.isoformat()[:16])
    site.period(10, WINDOW)
    assert look(site).level in {Level.QUIET, Level.WARN}


def test_a_new_baseline_ends_what_was_raised_against_the_old_one(site):
    site.period(11, WINDOW, changed(fingerprint="fp-2"))
    assert alarms(look(site)) == {DriftKind.FINGERPRINT}
    make_baseline(site, site.clock.now() - timedelta(days=1))
    site.period(12, WINDOW, changed(fingerprint="fp-2"))
    assert alarms(look(site)) == set()


def test_agreement_with_signed_reports_alarms_with_the_second_window_of_disagreement(site):
    since = site.clock.now()
    _sign(site, site.period(40, WINDOW), wrong_every=20)
    describe(site)
    make_baseline(site, since)
    levels = []
    for day in range(2):
        _sign(site, site.period(41 + day, WINDOW), wrong_every=3)
        seen = look(site)
        told = {one.what: one for one in seen.measures if one.kind is DriftKind.AGREEMENT}
        levels.append(told["any finding"].level)
    assert levels == [Level.WARN, Level.ALARM]
    assert told["any finding"].n == WINDOW
    assert told["wr:pneumothorax"].level is Level.TOO_FEW  # kappa of a handful says nothing


def _sign(site, names, *, wrong_every):
    """Each of these studies is signed as AI read it; every so often the human says the opposite of what it found."""
    at = site.clock.now() - timedelta(minutes=1)
    with site.database.read() as connection:
        look_up = select(reads.c.study_id, reads.c.body).where(reads.c.study_id.in_(names)).order_by(reads.c.study_id)
        answers = [(row.study_id, from_record(Answer, row.body)) for row in connection.execute(look_up)]
    rows = [
        {
            "report_id": f"final-{study_id}",
            "study_id": study_id,
            "version": 1,
            "status": "final",
            "priority": "P3",
            "body": _signed(tuple(one.presence.value for one in answer.findings), n % wrong_every == 0),
            "revision": 0,
            "at": at,
        }
        for n, (study_id, answer) in enumerate(answers)
    ]
    with site.database.write() as connection:
        connection.execute(insert(reports), rows)


@cache
def _signed(said, wrong):
    """A signed report where AI said so of each finding."""
    made = report(read(*(finding(code, one) for code, one in zip(FINDINGS, said, strict=True))))
    told = {name: one.finding for name, one in findings_of(made).items()}
    seen = [name for name, one in told.items() if one.presence.value == "present"]
    verdict = Verdict.REJECT if wrong else Verdict.ACCEPT
    decisions = [Decision(finding_id=name, verdict=verdict, by="ada", at=MONDAY) for name in seen]
    if wrong and not seen:
        name, one = next(iter(told.items()))
        missed = finding(one.code, "present")
        decisions = [Decision(finding_id=name, verdict=Verdict.EDIT, by="ada", at=MONDAY, told=missed)]
    final = signed(made, decisions, text=None, by="ada", at=MONDAY, terms=VOCABULARY.terms)
    return to_record(type(final), final)


def test_what_the_baseline_knows_nothing_of_is_told_and_not_taken_for_quiet(site):
    since = site.clock.now()
    with site.database.write() as connection:
        connection.execute(delete(descriptors))
    site.period(19, WINDOW)
    make_baseline(site, since)  # nothing is described yet
    site.period(20, WINDOW)
    told = {one.kind: one for one in look(site).measures if one.what == "all"}
    assert set(told) == {DriftKind.METADATA, DriftKind.PICTURES, DriftKind.AGREEMENT}
    assert {(one.level, one.value, one.n) for one in told.values()} == {(Level.TOO_FEW, None, 0)}


def test_what_nobody_may_take_for_a_baseline_is_refused(site):
    now = site.clock.now()
    with site.database.read() as connection:
        for since, until, told in (
            (now - timedelta(minutes=30), now, "was asked of"),
            (now, now - timedelta(days=1), "no time of at most a year"),
            (now - timedelta(days=1), now + timedelta(days=1), "no time of at most a year"),
            (now - timedelta(days=400), now, "no time of at most a year"),
        ):
            asked = Asked(reader=READER, since=since, until=until, reason="r")
            with pytest.raises(InputError, match=told):
                quiet_baseline(connection, asked, now=now)
        stored = last_baseline(connection, READER)
    assert studies_of(parse_baseline(stored.body)) == BASELINE


def test_a_reader_without_baseline_or_sentinels_is_not_looked_at(site):
    site.period(13, 60, reader="other")
    assert look(site, "other") is None
    assert _count(site, drift_looks) == 0


def test_two_looks_at_the_same_time_keep_one(site, monkeypatch):
    from wetread.evaluate.drift import daily

    site.period(14, WINDOW)
    inner, real = [], daily.keep_look

    def while_another_looks(*args, **named):
        if not inner:
            inner.append(None)
            inner.append(look_today(site.database, READER, site.settings.service.drift, now=site.clock.now()))
        return real(*args, **named)

    monkeypatch.setattr(daily, "keep_look", while_another_looks)
    assert look_today(site.database, READER, site.settings.service.drift, now=site.clock.now()) is None
    assert inner[1] is not None
    assert _count(site, drift_looks) == 1


def test_shadow_reads_and_stand_ins_are_none_of_the_readers(site):
    names = site.period(15, 40, changed(fingerprint="fp-shadow"))
    with site.database.write() as connection:
        connection.execute(update(reads).where(reads.c.study_id.in_(names[:20])).values(shadow=True))
        for one in names[20:]:
            body = json.loads(connection.scalar(select(reads.c.body).where(reads.c.study_id == one)))
            body["trace"]["hops"] = ["vision: timeout"]
            connection.execute(update(reads).where(reads.c.study_id == one).values(body=json.dumps(body)))
    seen = look(site)
    assert seen.studies == 0
    assert alarms(seen) == set()


def test_a_study_that_is_removed_takes_its_descriptor_with_it(site):
    [study_id] = site.period(16, 1)
    assert describe(site) == 1
    with site.database.write() as connection:
        for table in (reads,):
            connection.execute(delete(table).where(table.c.study_id == study_id))
        connection.execute(delete(studies).where(studies.c.study_id == study_id))
        assert connection.scalar(select(func.count()).where(descriptors.c.study_id == study_id)) == 0


def test_the_look_is_daily_however_often_the_round_comes(site):
    drifting = Drifting(site.service, site.isolation)
    site.period(17, WINDOW)
    for _ in range(3):
        drifting.run()
        site.clock.turn(hours=1)
    assert _count(site, drift_looks) == 1
    site.clock.turn(hours=24)
    drifting.run()
    assert _count(site, drift_looks) == 2


def test_what_a_kept_look_says_reads_back_as_it_was(site):
    site.period(18, WINDOW, changed(fingerprint="fp-2"))
    seen = look(site)
    assert measures_of(_last(site)) == seen.measures
    assert _last(site).level == "alarm"
    assert "DOE" not in json.dumps(_last(site).body)


def _last(site):
    with site.database.read() as connection:
        return looks_of(connection, READER, limit=1)[0]


def _count(site, table):
    with site.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_both_databases_keep_baselines_looks_and_descriptors_alike(database, tmp_path):
    site = Site(database, tmp_path, settings=Settings(data_dir=tmp_path, default_readers=()))
    since = site.clock.now()
    site.period(1, 110, QUIET)
    assert describe(site, pictures=True) == 110
    make_baseline(site, since)
    site.period(2, 60, changed(fingerprint="fp-2"))
    seen = look(site)
    assert alarms(seen) == {DriftKind.FINGERPRINT}
    assert measures_of(_last(site)) == seen.measures
