"""The queue simulator over the API and the command line: a named worklist, the site's own days out of its store."""

import json
from datetime import timedelta

import pytest
from signed_house import come_back, signed_film
from sqlalchemy import select
from typer.testing import CliRunner

from wetread.cli import app
from wetread.domain.people import Role
from wetread.store.signed import signed_of
from wetread.store.tables import audit, studies
from wetread.store.traffic import traffic_of
from wetread.testing.studies import finding, read

URL = "/api/v1/queue"
GIVEN = {"source": "given", "sensitivity": 0.9, "specificity": 0.9, "critical": 0.1, "days": 10, "replications": 3}
CRITICAL = read(finding("wr:tension-pneumothorax", "present", 0.9))
QUIET = read(finding("wr:cardiomegaly", "present", 0.6))


def asked(house, body, role=Role.OPERATOR):
    return house.client(role).post(URL, json=body)


def table(told):
    return {(row["discipline"], row["group"]): row for row in told["table"]}


def test_a_named_worklist_is_told_with_table_curve_and_law(small_house):
    answer = asked(small_house, GIVEN)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    rows = table(told)
    assert rows["ai", "critical"]["mean_min"] < rows["first_come", "critical"]["mean_min"]
    assert rows["ai", "missed_critical"]["mean_min"] > rows["first_come", "missed_critical"]["mean_min"]
    assert {curve["group"] for curve in told["cdf"]} == {"critical", "missed_critical", "routine", "all"}
    assert told["law"]["rows"][0]["what"] == "first_come_min"
    assert told["rests_on"]["specificity"] == 0.9
    assert asked(small_house, GIVEN).json() == told
    with small_house.database.read() as connection:
        lines = connection.execute(select(audit).where(audit.c.action == "evaluation_view")).mappings().all()
    assert [(line["object"], json.loads(line["data"])) for line in lines] == [("queue", {"source": "given"})] * 2


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"sensitivity": None}, 400, "sensitivity and specificity"),
        ({"days": 3650, "replications": 200}, 400, "more than 500,000"),
        ({"rate_per_hour": 100_000, "days": 1, "replications": 1}, 400, "more than"),
        ({"critical": 1.5}, 422, "critical"),
        ({"sensitivity": "NaN"}, 422, "sensitivity"),
        ({"days": 0}, 422, "days"),
        ({"by_hour": [1] * 23}, 422, "by_hour"),
        ({"radiologists": 201}, 422, "radiologists"),
        ({"replications": 201}, 422, "replications"),
        ({"by_hour": [0] * 24}, 400, "24 numbers"),
        ({"shape": "pareto"}, 422, "shape"),
        ({"patience": 3}, 422, "patience"),
        ({"source": "elsewhere"}, 422, "source"),
        ({"source": "site"}, 400, "brought no study"),
        ({"source": "site", "since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}, 400, "before it begins"),
        ({"source": "site", "since": "2026-11-02T00:00:00"}, 422, "since"),
    ],
)
def test_what_makes_no_sense_or_would_take_too_long_is_refused_by_its_name(small_house, changes, status, says):
    answer = asked(small_house, GIVEN | changes)
    assert answer.status_code == status, answer.text
    assert says in answer.text


@pytest.mark.parametrize("role", Role)
def test_only_who_may_see_evaluations_asks(small_house, role):
    may = role in {Role.RADIOLOGIST, Role.OPERATOR, Role.ADMIN}
    assert (asked(small_house, GIVEN, role).status_code == 200) == may


def days(house, *, each=4, count=3):
    """Some days of films, half of them critical, that AI flags wrongly twice; eve reads each for six minutes."""
    eve = house.person()
    for number in range(each * count):
        truth = number % 2 == 0
        flagged = truth != (number in {3, 6})
        signed_film(house, eve, number, answers=(CRITICAL if flagged else QUIET,), critical=truth, read_min=6)
        house.clock.turn(minutes=24 * 60 / each)
    come_back(eve)
    return eve


def test_the_sites_own_days_are_what_its_store_knows_of_them(house):
    eve = days(house, each=8, count=3)
    body = {"source": "site", "radiologists": 1, "replications": 6, "service_min": 6}
    answer = eve.post(URL, json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    rests_on = told["rests_on"]
    assert (rests_on["studies"], rests_on["signed_truth"], rests_on["reading_times"]) == (24, 24, 24)
    assert rests_on["critical_share"] == 0.5
    assert rests_on["sensitivity"] == pytest.approx(11 / 12)
    assert rests_on["specificity"] == pytest.approx(11 / 12)
    assert rests_on["service_min"] == pytest.approx(6)
    assert table(told)["first_come", "critical"]["n"] == 12
    assert any("had seen AI's answer" in remark for remark in told["remarks"])
    missing = eve.post(URL, json=body | {"radiologists": None})
    assert (missing.status_code, "how many radiologists" in missing.text) == (400, True)


def test_how_a_study_passed_the_house_is_told_as_it_was(house):
    eve, start = house.person(), house.now
    first = signed_film(house, eve, 1, answers=(CRITICAL,), critical=True, read_min=6)
    signed_at = house.now
    waiting = house.film(2)
    house.clock.turn(minutes=1)
    told_at = house.now
    house.reported(waiting, QUIET)
    passages, cut = traffic_of(
        house.database,
        since=start - timedelta(hours=1),
        until=house.now + timedelta(hours=1),
        longest_read=timedelta(hours=1),
        limit=10,
    )
    assert not cut
    one, other = passages
    assert (one.study_id, one.priority, one.signed_at) == (first, "P1", signed_at)
    assert signed_at - one.opened_at == timedelta(minutes=6)
    assert one.arrived_at == start < one.told_at < one.opened_at
    assert one.signed.codes == {"wr:tension-pneumothorax"}
    assert (other.study_id, other.told_at, other.priority) == (waiting, told_at, "P4")
    assert (other.opened_at, other.signed_at, other.signed) == (None, None, None)
    newest, cut = traffic_of(
        house.database,
        since=start - timedelta(hours=1),
        until=house.now + timedelta(hours=1),
        longest_read=timedelta(hours=1),
        limit=1,
    )
    assert ([p.study_id for p in newest], cut) == ([waiting], True)


def test_an_addendum_changes_no_truth_and_a_withdrawn_report_has_none(house):
    eve = house.person()
    study_id = signed_film(house, eve, 1, answers=(CRITICAL,), critical=True, read_min=6)
    at = house.now

    def truth():
        with house.database.read() as connection:
            return signed_of(connection, [study_id]).get(study_id)

    house.clock.turn(minutes=5)
    report = eve.get(f"/api/v1/studies/{study_id}/report").json()
    added = eve.post(f"/api/v1/studies/{study_id}/report/addenda", json={"text": "Drain in place."})
    assert added.status_code < 300, added.text
    assert (truth().codes, truth().signed_at) == ({"wr:tension-pneumothorax"}, at)
    assert truth().words.endswith("Drain in place.")
    report = eve.get(f"/api/v1/studies/{study_id}/report").json()
    gone = eve.post(
        f"/api/v1/studies/{study_id}/report/withdraw",
        json={"report_id": report["report_id"], "reason": "wrong patient"},
    )
    assert gone.status_code < 300, gone.text
    assert truth() is None


def run(*words):
    return CliRunner().invoke(app, ["queue", *map(str, words)], catch_exceptions=False, standalone_mode=False)


def test_the_verb_prints_tables_and_writes_what_machines_and_browsers_read(tmp_path):
    words = ("--sensitivity", 0.9, "--specificity", 0.9, "--critical", 0.1, "--days", 10, "--replications", 3)
    done = run(*words, "--out", tmp_path / "out")
    assert done.return_value == 0
    for said in ("AI order + cap", "missed critical", "the queue law", "seed 20261121", "Baltruschat"):
        assert said in done.stdout
    told = json.loads((tmp_path / "out/queue.json").read_text())
    assert json.loads(run(*words, "--format", "json").stdout) == told
    assert "<svg" in (tmp_path / "out/queue.html").read_text()


def test_the_verb_takes_the_sites_days_from_its_data_folder(own_house):
    house = own_house
    days(house, each=4, count=2)
    with house.database.read() as connection:
        came = connection.scalars(select(studies.c.arrived_at)).all()
    until = (max(came) + timedelta(days=1)).isoformat()
    words = ("--data", house.service.data_dir, "--since", min(came).isoformat(), "--until", until)
    done = run(*words, "--readers", 1, "--service-min", 6, "--format", "json")
    assert done.return_value == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["source"], told["rests_on"]["studies"], told["rests_on"]["signed_truth"]) == ("site", 8, 8)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--readers-by-hour", "1,2"), "24 whole numbers"),
        (("--since", "2026-01-01"), "name its --data"),
        (("--data", "x", "--since", "yesterday"), "is no day"),
        (("--data", "x", "--days", 3), "their own rate"),
    ],
)
def test_the_verb_refuses_what_does_not_go_together(tmp_path, monkeypatch, words, says):
    from typer import BadParameter

    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadParameter, match=says):
        run(*words)
