"""Drift over the API: readers, baselines and looks for those who may see figures; a baseline by a person alone."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from drift_site import READER, Site, changed
from wetread.domain.people import Role
from wetread.evaluate.drift.daily import look_today
from wetread.store.tables import audit
from wetread.wiring.drifting import Drifting

URL = "/api/v1/drift"


@pytest.fixture
def site(small_house, tmp_path):
    """A hundred and twenty studies in the store that the API stands on."""
    made = Site(small_house.database, tmp_path / "site")
    made.began = made.clock.now()
    made.period(1, 120)
    small_house.clock.turn(days=(made.clock.now() - small_house.now).days + 1)
    return made


def asked(site, **more):
    told = {"reader": READER, "since": site.began.isoformat(), "until": site.clock.now().isoformat(), "reason": "quiet"}
    return {**told, **more}


def lines(house, action):
    with house.database.read() as connection:
        look = select(audit.c.object, audit.c.actor, audit.c.data).where(audit.c.action == action)
        return [(row.object, row.actor, json.loads(row.data)) for row in connection.execute(look)]


def test_a_reader_is_told_with_its_baseline_and_its_looks_the_newest_first(small_house, site):
    eve = small_house.person("eve", roles=(Role.ADMIN,))
    [before] = small_house.client(role=Role.OPERATOR).get(URL).json()["readers"]
    assert before == {"reader": READER, "fingerprint": "fp-1", "baseline": None, "looks": []}
    made = eve.post(f"{URL}/baseline", json=asked(site))
    assert made.status_code == 201, made.text
    assert (made.json()["n"], made.json()["by"], made.json()["reason"]) == (120, "eve", "quiet")
    for day in range(2):
        site.period(2 + day, 60, changed(fingerprint="fp-2"))
        Drifting(site.service, site.isolation).describe_new()
        look_today(site.database, READER, site.settings.service.drift, now=site.clock.now())
    [after] = small_house.client(role=Role.RADIOLOGIST).get(URL).json()["readers"]
    assert after["baseline"] == made.json()
    assert after["fingerprint"] == "fp-2"
    newest, oldest = after["looks"]
    assert (newest["level"], newest["studies"], oldest["studies"]) == ("alarm", 120, 60)
    swap = next(one for one in newest["measures"] if one["kind"] == "fingerprint")
    assert (swap["what"], swap["level"], swap["value"], swap["limit"], swap["n"]) == (READER, "alarm", 1.0, 0.0, 120)
    assert set(swap) == {"kind", "what", "level", "value", "limit", "low", "n", "text"}
    assert len(small_house.client(role=Role.ADMIN).get(URL, params={"looks": 1}).json()["readers"][0]["looks"]) == 1
    assert {what for what, _, _ in lines(small_house, "evaluation_view")} == {"drift"}
    assert lines(small_house, "baseline") == [(f"reader/{READER}", "eve", {"baseline": 1, "reason": "quiet"})]


def test_a_baseline_is_a_persons_act_and_not_every_persons(small_house, site):
    assert small_house.client(role=Role.ADMIN).post(f"{URL}/baseline", json=asked(site)).status_code == 403
    for role in (Role.RADIOLOGIST, Role.OPERATOR):
        refused = small_house.person(role.value, roles=(role,)).post(f"{URL}/baseline", json=asked(site))
        assert refused.status_code == 403
    assert small_house.client(role=Role.TECHNOLOGIST).get(URL).status_code == 403
    assert lines(small_house, "baseline") == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"reader": "nobody"}, 400),
        ({"since": "2026-11-02T00:00:00"}, 422),
        ({"until": "2999-01-01T00:00:00Z"}, 400),
        ({"reason": " "}, 422),
        ({"reason": "x" * 501}, 422),
        ({"reader": "x" * 129}, 422),
    ],
)
def test_what_is_no_quiet_time_is_refused_with_what_to_do(small_house, site, wrong, status):
    eve = small_house.person("eve", roles=(Role.ADMIN,))
    told = eve.post(f"{URL}/baseline", json=asked(site, **wrong))
    assert told.status_code == status, told.text
    assert told.json()["detail"]
    assert lines(small_house, "baseline") == []


def test_too_few_studies_make_no_baseline(small_house, site):
    eve = small_house.person("eve", roles=(Role.ADMIN,))
    late = (site.clock.now() - timedelta(hours=2)).isoformat()
    told = eve.post(f"{URL}/baseline", json=asked(site, since=late))
    assert told.status_code == 400
    assert "100 to 20000 are needed" in told.json()["detail"]
