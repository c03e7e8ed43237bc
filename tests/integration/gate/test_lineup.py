"""Who is asked under a name: what a promotion and a rollback change, and what the site's reports say of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from coin_plugin import Coin, Dime

from wetread.domain.read import Abstention
from wetread.errors import Conflict
from wetread.evaluate.gate import Outcome
from wetread.readers.site_calibration import Calibration, FittedMap, MapRow
from wetread.readers.wrappers import Calibrated, Fallback
from wetread.readers.wrappers.barred import Barred
from wetread.reporting.as_html import as_html
from wetread.reporting.as_json import as_json
from wetread.settings import PanelSettings
from wetread.store.gate import add_change, changes_of
from wetread.store.tables import studies
from wetread.wiring.places import Place, Places, Seats, fingerprint_of, mark_of
from wetread.wiring.readers import choose_readers


def asked(report):
    return [one.reader.name for one in report.answers]


def test_a_promotion_holds_from_the_next_read_on_and_reports_name_slot_and_reader(clinic):
    site = clinic()
    before = site.read(site.film(1))
    assert asked(before) == ["coin"]
    assert "lineup" not in json.loads(as_json(before))["provenance"]
    site.promote(site.ran("dime"))
    after = site.read(site.film(2))
    assert asked(after) == ["dime"]
    assert json.loads(as_json(after))["provenance"]["lineup"] == {"coin": "dime"}
    assert b"dime stands in the slot coin" in as_html(after)


def test_a_rollback_puts_the_one_before_there_again_step_by_step(clinic, monkeypatch):
    site = clinic()
    site.promote(site.ran("dime"))
    monkeypatch.setenv("DIME", "dime-2")
    site.promote(site.ran("dime", "dime"))
    assert site.roll_back().fingerprint == "dime-1"
    back = site.roll_back()
    assert (back.reader, back.fingerprint, back.run_id) == ("coin", "coin-1", None)
    assert asked(site.read(site.film())) == ["coin"]
    with pytest.raises(Conflict, match="nobody was promoted in the slot coin"):
        site.roll_back()
    with site.database.read() as connection:
        kinds = [one.kind for one in changes_of(connection, "coin")]
    assert kinds == ["promote", "promote", "rollback", "rollback"], "rows are added, never changed"


@pytest.mark.parametrize("outcome", [Outcome.STOPPED, Outcome.UNKNOWN])
def test_what_the_gate_did_not_let_through_nobody_can_promote(clinic, outcome):
    site = clinic()
    with pytest.raises(Conflict, match="the gate stopped dime"):
        site.promote(site.ran("dime", outcome=outcome))


def test_a_candidate_that_has_changed_since_is_not_the_one_that_the_gate_saw(clinic, monkeypatch):
    site = clinic()
    run_id, other = site.ran("dime"), site.ran("dime", mark="its card was another one")
    with pytest.raises(Conflict, match="has changed since"):
        site.promote(other)
    monkeypatch.setenv("DIME", "dime-2")
    with pytest.raises(Conflict, match=r"has changed since .* \(it was dime-1, it is dime-2\)"):
        site.promote(run_id)


def test_an_old_run_is_no_ground_any_more(clinic):
    site = clinic(gate={"run_days": 30})
    run_id = site.ran("dime")
    site.clock.turn(days=30, minutes=1)
    with pytest.raises(Conflict, match="older than 30 days"):
        site.promote(run_id)


def test_a_run_speaks_only_for_the_slot_of_whom_it_was_compared_with(clinic):
    site = clinic()
    run_id = site.ran("dime")
    with pytest.raises(Conflict, match="compared dime with coin, but embedded stands in the slot embedded"):
        site.promote(run_id, slot="embedded")
    with pytest.raises(Conflict, match="there is no slot nobody"):
        site.promote(run_id, slot="nobody")
    site.promote(run_id)
    with pytest.raises(Conflict, match="but dime stands in the slot coin"):
        site.promote(site.ran("broken"))


def test_of_two_who_promote_at_the_same_time_one_is_told_that_the_slot_is_taken(clinic):
    site = clinic()
    run_id, barrier = site.ran("dime"), threading.Barrier(2)

    def promote(_):
        barrier.wait(10)
        try:
            return site.promote(run_id).reader
        except Conflict as problem:
            return str(problem)

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(promote, range(2)))
    assert told[0] == "dime"
    assert "but dime stands in the slot coin" in told[1]


def test_where_the_gate_is_required_a_reader_that_nobody_promoted_is_not_asked_and_the_report_says_why(clinic):
    site = clinic(gate={"required": True})
    study_id = site.film(1)
    (silent,) = site.read(study_id).answers
    assert isinstance(silent, Abstention)
    assert (silent.code, silent.failed) == ("not_promoted", True)
    assert "coin was never promoted in the slot coin" in silent.reason
    (row,) = site.rows(studies, study_id=study_id)
    assert (row["status"], row["priority"]) == ("failed", "UNREAD")
    site.promote(site.ran("coin"))  # held against itself: the gate knows it as it is
    assert site.read(site.film(2)).consensus is not None


def test_where_the_gate_is_required_a_silent_change_bars_the_reader(clinic, monkeypatch):
    site = clinic(gate={"required": True})
    site.promote(site.ran("coin"))
    monkeypatch.setenv("COIN", "coin-2")
    (silent,) = site.read(site.film()).answers
    assert "it has changed since" in silent.reason
    assert silent.reader.fingerprint == "coin-2"


def test_a_promoted_reader_that_is_no_longer_installed_is_told_and_takes_nobody_with_it(clinic):
    site = clinic()
    change = site.promote(site.ran("dime"))
    gone = replace(change, reader="uninstalled", fingerprint="u")
    with site.database.write() as connection:
        add_change(connection, gone)
    (silent,) = site.read(site.film()).answers
    assert "uninstalled stands in the slot coin and can't be used" in silent.reason


def test_a_stand_in_that_nobody_promoted_is_not_asked_where_the_gate_is_required(clinic):
    site = clinic()
    chain = Fallback((Coin(), Dime()))
    places = Places(places=(Place(slot="coin", reader="coin", fingerprint="coin-1"),), required=True)
    checked = Seats(places=places).checked("coin", chain)
    assert [one.name for one in checked.readers] == ["coin"]
    assert site.read(site.film()).consensus is not None


def test_another_threshold_or_map_of_the_site_makes_a_reader_another_one(clinic):
    clinic()
    row = MapRow(reader="coin", fingerprint="coin-1", code="wr:pleural-effusion", n=40, n_pos=20, threshold=0.5)
    plain = calibration_of(row)
    marks = {
        mark_of([Coin()]),
        mark_of([Calibrated(Coin(), plain)]),
        mark_of([Calibrated(Coin(), plain, raises=True)]),
        mark_of([Calibrated(Coin(), calibration_of(row.model_copy(update={"threshold": 0.6})))]),
    }
    assert len(marks) == 4
    assert mark_of([Calibrated(Coin(), calibration_of(row))]) in marks
    assert len({fingerprint_of([Coin()]), fingerprint_of([Calibrated(Coin(), plain)])}) == 1


def calibration_of(row):
    day = date(2026, 11, 21)
    maps = (FittedMap(row=row, calibrator=None),)
    return Calibration(name="c", measured_on="films", measured=day, valid_until=day, maps=maps)


def test_a_panel_is_vouched_for_as_one_or_reader_by_reader(clinic):
    site = clinic(gate={"required": True})
    settings = site.settings.model_copy(update={"panels": {"pair": PanelSettings(readers=("coin", "dime"))}})
    plain = choose_readers(settings, ["pair"]).readers
    whole = Place(slot="pair", reader="pair", fingerprint=fingerprint_of(plain))
    one = Place(slot="dime", reader="dime", fingerprint="dime-1")
    for places, barred in (((whole,), []), ((one,), ["coin"]), ((), ["coin", "dime"])):
        chosen = choose_readers(settings, ["pair"], places=Places(places=places, required=True))
        assert [r.name for r in chosen.readers if isinstance(r, Barred)] == barred


def test_whoever_stands_in_a_slot_has_its_votes(clinic):
    site = clinic()
    settings = site.settings.model_copy(update={"votes": {"coin": 1.5}})
    places = Places(places=(Place(slot="coin", reader="dime", fingerprint="dime-1"),))
    assert choose_readers(settings, ["coin"], places=places).votes["dime"] == 1.5
    twice = choose_readers(settings, ["coin", "dime"], places=places)
    assert [reader.name for reader in twice.readers] == ["dime"], "nobody votes twice"
