"""Readers in the shadow: asked beside the live ones, seen by nobody who reads, and their failures disturb nothing."""

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from wetread.errors import BudgetSpent, NotFound
from wetread.guard import Inline
from wetread.readers.wrappers.ledger import Reservation
from wetread.store.jobs import request_read
from wetread.store.operations import daily_costs, reader_figures
from wetread.store.reading import read_by_id, reads_of
from wetread.store.tables import reads, studies
from wetread.wiring.equipment import Equipment
from wetread.wiring.shadows import compared, shadow_equipment, shadowing


def test_a_shadow_is_asked_after_the_report_and_once_only(clinic):
    site = clinic(shadow=["dime"])
    study_id = site.film()
    assert site.look() == 0, "nobody has reported it yet"
    site.read(study_id)
    assert (site.look(), site.look()) == (1, 0)
    (kept,) = site.rows(reads, shadow=True)
    assert (kept["reader"], kept["answered"], kept["cost_usd"]) == ("dime", True, 0.02)


def test_live_work_comes_first(clinic):
    site = clinic(shadow=["dime"])
    site.read(site.film(1))
    waiting = site.film(2)
    assert site.look() == 0, "a study waits to be read"
    site.read(waiting)
    assert site.look() == 1


def test_what_is_said_in_the_shadow_is_part_of_nothing_that_is_live(clinic):
    site = clinic(shadow=["dime"])
    study_id = site.film()
    report = site.read(study_id)
    (before,) = site.rows(studies, study_id=study_id)
    site.look()
    assert site.rows(studies, study_id=study_id) == [before], "neither urgency nor cost nor etag moves"
    assert site.report(study_id) == report
    (hidden,) = site.rows(reads, shadow=True)
    with site.database.read() as connection:
        assert [one.reader for one in reads_of(connection, study_id)] == ["coin"]
        assert [one.reader for one in reader_figures(connection, since=site.clock.now().replace(year=2000))] == ["coin"]
        assert {one.reader for one in daily_costs(connection, since=site.clock.now().replace(year=2000))} == {"coin"}
        with pytest.raises(NotFound):
            read_by_id(connection, hidden["read_id"])
    request_read(site.database, study_id, by="ada", now=site.now)
    assert [one.reader.name for one in site.read(study_id).answers] == ["coin"]


def test_a_reader_that_goes_live_is_asked_itself_and_not_answered_for_by_its_shadow(clinic):
    site = clinic(shadow=["dime"])
    study_id = site.film()
    site.read(study_id)
    site.look()
    site.promote(site.ran("dime"))
    request_read(site.database, study_id, by="ada", now=site.now)
    site.read(study_id)
    live = [row for row in site.rows(reads, study_id=study_id, version=2) if not row["shadow"]]
    assert [row["reader"] for row in live] == ["dime"]
    assert site.look() == 0, "whoever is live is not asked in the shadow as well"


def test_a_shadow_that_breaks_is_kept_as_one_that_did_not_answer(clinic):
    site = clinic(shadow=["broken", "dime"])
    study_id = site.film()
    site.read(study_id)
    assert site.look() == 2
    answered = {row["reader"]: row["answered"] for row in site.rows(reads, shadow=True)}
    assert answered == {"broken": False, "dime": True}
    assert site.rows(studies, study_id=study_id)[0]["status"] == "reported"


def test_what_is_broken_off_by_the_end_of_the_worker_is_no_answer(clinic):
    site = clinic(shadow=["broken"])
    site.read(site.film())
    shadowing = site.shadowing()
    row, runner = site.rows(studies)[0], asyncio.Runner()
    shadowing.stopping.set()
    with runner:
        assert shadowing._ask(shadowing.shadows[0], row, runner) == 0
    assert site.rows(reads, shadow=True) == []


def test_old_studies_are_left_alone(clinic):
    site = clinic(shadow=["dime"], gate={"shadow_days": 2})
    site.read(site.film())
    site.clock.turn(days=2, minutes=1)
    assert site.look() == 0


def test_the_comparison_says_what_would_change(clinic):
    site = clinic(shadow=["dime", "broken"])
    for number in range(1, 5):
        site.read(site.film(number))
    while site.look():
        pass
    with site.database.read() as connection:
        told = {name: one for name, _, one in compared(connection, site.settings, days=1, now=site.now)}
    dime = told["dime"]
    assert (dime.n, dime.n_both, dime.critical_gained, dime.critical_lost) == (4, 4, 4, 0)
    assert (dime.raised.value, dime.raised.n) == (1.0, 4)
    assert dime.raised.low < 0.6, "four studies prove little"
    assert dime.shadow_per_100_usd == pytest.approx(2.0)
    assert dime.live_per_100_usd == 0.0
    assert sum(map(sum, dime.priorities)) == 4
    assert len(dime.changed) == 4
    assert (told["broken"].n, told["broken"].n_both, told["broken"].shadow_unread) == (4, 0, 4)
    assert told["broken"].agreement.value is None


def test_the_thread_beside_the_worker_asks_by_itself_and_ends_with_it(clinic):
    site = clinic(shadow=["dime"])
    site.read(site.film())
    worker = SimpleNamespace(is_first=True, stopping=threading.Event())
    with shadowing(site.service, site.house, Inline(), worker):
        limit = time.monotonic() + 20
        while not site.rows(reads, shadow=True) and time.monotonic() < limit:
            time.sleep(0.05)
    assert [row["reader"] for row in site.rows(reads, shadow=True)] == ["dime"]
    assert "shadow" not in {thread.name for thread in threading.enumerate()}


def test_only_the_first_of_several_workers_asks_in_the_shadow(clinic):
    site = clinic(shadow=["dime"])
    site.read(site.film())
    worker = SimpleNamespace(is_first=False, stopping=threading.Event())
    with shadowing(site.service, site.house, Inline(), worker):
        time.sleep(0.3)
    assert site.rows(reads, shadow=True) == []


def test_dollars_of_the_shadow_count_towards_no_budget_of_the_live_ones(clinic):
    site = clinic(shadow=["dime"], gate={"shadow_usd_per_day": 1.5})
    own, live = shadow_equipment(site.settings), Equipment(site.settings)
    assert (own.settings.budget_usd_per_day, own.settings.budget_usd_per_run) == (1.5, None)
    spent = Reservation(reader="dime", day="2026-11-21", run="r", nanodollars=10**9)
    own.ledger.reserve(spent, (), now=site.now)
    assert own.ledger.spent(day="2026-11-21") == 1.0
    assert live.ledger.spent(day="2026-11-21") == 0.0


def test_a_spent_budget_of_the_shadow_is_no_answer_and_it_rests(clinic, monkeypatch):
    site = clinic(shadow=["dime"])
    study_id = site.film()
    site.read(study_id)
    shadowing = site.shadowing()

    async def refuse(_):
        raise BudgetSpent("the day's dollars are spent")

    monkeypatch.setattr(shadowing.shadows[0].desk.readers[0], "read", refuse)
    assert site.look(shadowing) == 0
    assert site.rows(reads, shadow=True) == [], "it is asked when there is money again"
    monkeypatch.undo()
    assert site.look(shadowing) == 0, "it rests"
    site.clock.turn(hours=1, minutes=1)
    assert site.look(shadowing) == 1
