"""Budgets are reserved before each call, in one file that all processes share."""

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from wetread.errors import BudgetSpent, ConfigurationError, ReaderUnavailable
from wetread.ports import Estimate
from wetread.readers.wrappers import Bill, BillWatch, Budget, Purse, SpendLedger
from wetread.readers.wrappers.database import open_private, writing
from wetread.readers.wrappers.ledger import LEASE_S, nanodollars


def cost(usd):
    return Estimate(input_tokens=100, output_tokens=10, cost_usd=usd)


def purse(ledger, time, reader="gpt", *, own=None, site=None, run="r", watch=None):
    return Purse(
        reader, ledger=ledger, run=run, own=own or Budget(), site=site or Budget(), watch=watch, time=time
    )  # fmt: skip


def day(time):
    return time.now().date().isoformat()


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"own": Budget(per_run_usd=0.25)}, "gpt's budget of this run"),
        ({"own": Budget(per_day_usd=0.25)}, "gpt's budget of this day"),
        ({"site": Budget(per_run_usd=0.25)}, "the site's budget of this run"),
        ({"site": Budget(per_day_usd=0.25)}, "the site's budget of this day"),
    ],
)
def test_a_refusal_names_the_reader_what_is_needed_what_is_left_and_the_budget(time, limits, named):
    spending = purse(SpendLedger(None), time, **limits)
    spending.reserve(cost(0.10))
    spending.reserve(cost(0.10))
    with pytest.raises(BudgetSpent) as refused:
        spending.reserve(cost(0.10))
    told = str(refused.value)
    assert told.startswith("gpt: this call may cost $0.1000, but $0.0500 is left of")
    assert named in told
    spending.reserve(cost(0.05))


def test_three_dimes_fit_into_thirty_cents_whatever_floats_say(time):
    spending = purse(SpendLedger(None), time, own=Budget(per_run_usd=0.3))
    for _ in range(3):
        spending.reserve(cost(0.1))
    with pytest.raises(BudgetSpent):
        spending.reserve(cost(0.0000001))


def test_a_released_reservation_is_free_again_and_a_smaller_bill_gives_the_rest_back(time):
    ledger = SpendLedger(None)
    spending = purse(ledger, time, own=Budget(per_run_usd=0.1))
    spending.settle(spending.reserve(cost(0.1)), estimate=cost(0.1), bill=None, counts=False)
    spending.settle(spending.reserve(cost(0.1)), estimate=cost(0.1), bill=Bill(cost_usd=0.04), counts=True)
    spending.reserve(cost(0.06))
    assert ledger.spent(run="r") == pytest.approx(0.1)


def test_all_readers_share_the_site_s_budget_and_keep_their_own(time):
    ledger, site = SpendLedger(None), Budget(per_day_usd=0.3)
    gpt = purse(ledger, time, "gpt", own=Budget(per_day_usd=0.2), site=site)
    claude = purse(ledger, time, "claude", site=site)
    gpt.reserve(cost(0.2))
    with pytest.raises(BudgetSpent, match="gpt's budget"):
        gpt.reserve(cost(0.1))
    claude.reserve(cost(0.1))
    with pytest.raises(BudgetSpent, match="the site's budget"):
        claude.reserve(cost(0.01))


def test_a_new_day_and_a_new_run_begin_with_a_full_purse(time, run):
    ledger, own = SpendLedger(None), Budget(per_run_usd=0.1, per_day_usd=0.15)
    purse(ledger, time, own=own).reserve(cost(0.1))
    other = purse(ledger, time, own=own, run="r2")
    with pytest.raises(BudgetSpent, match="of this day"):
        other.reserve(cost(0.1))
    run(time.turn(days=1))
    other.reserve(cost(0.1))


def test_days_end_at_midnight_utc(time, run):
    ledger = SpendLedger(None)
    before = day(time)
    purse(ledger, time).reserve(cost(0.1))
    run(time.turn(hours=14))
    purse(ledger, time).reserve(cost(0.2))
    assert [(one.day, one.settled_usd + one.reserved_usd) for one in ledger.days()] == [(before, 0.1), (day(time), 0.2)]


def test_what_a_dead_process_reserved_is_spent_and_never_released(time, run, tmp_path):
    path, own = tmp_path / "spend.sqlite", Budget(per_run_usd=0.1)
    dead = SpendLedger(path)
    late = purse(dead, time, own=own).reserve(cost(0.06))
    ledger = SpendLedger(path)
    run(time.turn(seconds=LEASE_S + 1))
    with pytest.raises(BudgetSpent):
        purse(ledger, time, own=own).reserve(cost(0.06))
    purse(SpendLedger(path), time, own=own).reserve(cost(0.01))
    (spent,) = ledger.days()
    assert (spent.settled_usd, spent.reserved_usd) == (0.06, 0.01)
    dead.settle(late, 0)
    assert ledger.days()[0].settled_usd == 0.06
    dead.settle(late, nanodollars(0.08))
    assert ledger.days()[0].settled_usd == pytest.approx(0.08)


def test_spending_survives_the_process_and_only_its_owner_reads_it(time, tmp_path):
    path = tmp_path / "deep" / "spend.sqlite"
    ledger = SpendLedger(path)
    purse(ledger, time).reserve(cost(0.5))
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    ledger.close()
    assert SpendLedger(path).spent(day=day(time)) == 0.5


def test_a_file_that_is_no_ledger_says_so(tmp_path):
    path = tmp_path / "spend.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="spend ledger"):
        SpendLedger(path)


def test_a_ledger_that_can_t_be_written_lets_no_call_pass_and_loses_no_answer(time, tmp_path):
    ledger = SpendLedger(tmp_path / "spend.sqlite")
    spending = purse(ledger, time)
    reservation = spending.reserve(cost(0.1))
    ledger.close()
    with pytest.raises(ReaderUnavailable, match="can't be written") as refused:
        spending.reserve(cost(0.1))
    assert refused.value.billed is False
    with capture_logs() as logs:
        spending.settle(reservation, estimate=cost(0.1), bill=None, counts=True)
    assert [one["event"] for one in logs] == ["spend not settled"]


def test_threads_at_once_never_pass_the_budget(time, tmp_path):
    ledger, let_in = SpendLedger(tmp_path / "spend.sqlite"), []
    spending = purse(ledger, time, own=Budget(per_run_usd=0.25))

    def spend():
        for _ in range(20):
            try:
                let_in.append(spending.reserve(cost(0.01)))
            except BudgetSpent:
                return

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 25


PROCESS = """
import sys
from pathlib import Path
from wetread.errors import BudgetSpent
from wetread.ports import Estimate
from wetread.readers.wrappers import Budget, Purse, SpendLedger
purse = Purse("gpt", ledger=SpendLedger(Path(sys.argv[1])), run=sys.argv[2], site=Budget(per_day_usd=0.25))
passed = 0
for _ in range(20):
    try:
        purse.reserve(Estimate(input_tokens=1, output_tokens=1, cost_usd=0.01))
    except BudgetSpent:
        break
    passed += 1
print(passed)
"""


def test_processes_at_once_never_pass_the_budget(tmp_path):
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "spend.sqlite")]
    started = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
    passed = [int(process.communicate(timeout=60)[0]) for process in started]
    # two days may be touched where the test runs at midnight
    assert sum(passed) == 25 or sum(passed) == 40


def test_a_commit_that_fails_leaves_no_transaction_open():
    db = open_private(None, "CREATE TABLE a (id INTEGER PRIMARY KEY)")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("CREATE TABLE b (a INTEGER REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)")
    for _ in range(2):
        with pytest.raises(sqlite3.IntegrityError), writing(db):
            db.execute("INSERT INTO b VALUES (7)")
        assert not db.in_transaction


def test_an_absurd_price_is_refused_by_any_budget_and_breaks_nothing_without_one(time):
    purse(SpendLedger(None), time).reserve(cost(1e300))
    with pytest.raises(BudgetSpent):
        purse(SpendLedger(None), time, own=Budget(per_run_usd=5.0)).reserve(cost(1e300))


def test_runs_long_past_are_forgotten_and_days_are_not(time, run, tmp_path):
    path = tmp_path / "spend.sqlite"
    ledger = SpendLedger(path)
    purse(ledger, time, run="old").reserve(cost(0.1))
    first = day(time)
    run(time.turn(days=40))
    purse(ledger, time, run="new").reserve(cost(0.1))
    assert (ledger.spent(run="old"), ledger.spent(day=first)) == (0.0, 0.1)
    with sqlite3.connect(path) as db:
        assert {row[0] for row in db.execute("SELECT period FROM totals WHERE period LIKE 'run:%'")} == {"run:new"}


@pytest.mark.parametrize("usd", [0.1, 0.29, 67.760437, 3.2076e-05, 0.000984788, 542.54437])
def test_floating_point_makes_no_nanodollar(usd):
    assert nanodollars(usd) == nanodollars(usd, up=False) == int(Decimal(str(usd)) * 10**9)


def test_what_is_spent_rounds_up_and_what_may_be_spent_rounds_down(time):
    assert nanodollars(1e-10) == 1
    with pytest.raises(BudgetSpent):
        purse(SpendLedger(None), time, own=Budget(per_run_usd=1.5e-9)).reserve(cost(2e-9))


@pytest.mark.parametrize("usd", [-0.01, float("nan"), float("inf")])
def test_what_is_no_amount_of_money_is_refused(usd):
    with pytest.raises(ValueError, match="amount"):
        nanodollars(usd)


def told(watch, calls, *, predicted=0.01, billed=0.01, tokens=(100, 100)):
    for _ in range(calls):
        watch.told(
            "gpt",
            predicted=Estimate(input_tokens=tokens[0], output_tokens=10, cost_usd=predicted),
            billed=Bill(input_tokens=tokens[1], output_tokens=5, cost_usd=billed),
        )


@pytest.mark.parametrize(
    ("bills", "calls", "events"),
    [
        ({}, 50, 0), ({"billed": 0.0109}, 50, 0), ({"billed": 0.0112}, 4, 0), ({"billed": 0.0112}, 5, 1),
        ({"billed": 0.0112}, 50, 1), ({"billed": 0.001}, 50, 0), ({"tokens": (100, 112)}, 5, 1),
        ({"tokens": (100, 88)}, 5, 1), ({"tokens": (100, 91)}, 5, 0), ({"billed": 0.0112, "tokens": (100, 112)}, 5, 2),
        ({"predicted": None}, 50, 0), ({"billed": None}, 50, 0), ({"tokens": (0, 500)}, 50, 0),
    ],
)  # fmt: skip
def test_the_alarm_sounds_once_above_ten_per_cent_over_five_calls(bills, calls, events):
    watch = BillWatch()
    with capture_logs() as logs:
        told(watch, calls, **bills)
    assert [one["event"] for one in logs] == ["bill differs"] * events
    assert watch.alarms == events


def test_the_alarm_sounds_again_after_the_bills_were_right_in_between():
    watch = BillWatch()
    for tokens in ((100, 150), (100, 100), (100, 150)):
        told(watch, 20, tokens=tokens)
    assert watch.alarms == 2


def test_from_three_times_on_no_further_call_is_made(time):
    watch = BillWatch()
    spending, other = (purse(SpendLedger(None), time, name, watch=watch) for name in ("gpt", "claude"))
    told(watch, 4, billed=0.03)
    spending.reserve(cost(0.01))
    told(watch, 1, billed=0.031)
    with pytest.raises(BudgetSpent, match=r"gpt: billed cost are 3\.0 times.*catalog"):
        spending.reserve(cost(0.01))
    other.reserve(cost(0.01))


def test_a_free_price_that_is_billed_stops_too(time):
    watch = BillWatch()
    told(watch, 5, predicted=0.0)
    with pytest.raises(BudgetSpent, match="inf times"):
        purse(SpendLedger(None), time, watch=watch).reserve(cost(0.0))


def test_a_lease_is_longer_than_any_call_may_take():
    assert timedelta(seconds=LEASE_S) >= timedelta(minutes=30)
