"""The site's evaluations over the API: listed, told, and each wrong case with the study that it is of."""

import json
import os

import pytest
from sqlalchemy import select

from wetread.domain.people import Role
from wetread.store.tables import audit, instances

API = "/api/v1/evaluations"


def metrics(readers=("embedded",)):
    return {
        "schema": "wetread.metrics/1",
        "manifest": {"software": "wetread 1", "seed": 7},
        "data": {"test": 12, "patients": 9, "seed": 7},
        "readers": [{"name": name, "findings": []} for name in readers],
    }


def row(number, **changed):
    return {
        "case_id": f"case-{number}",
        "reader": "embedded",
        "code": "wr:pneumothorax",
        "label": "Pneumothorax",
        "kind": "missed",
        "score": 0.1,
        "threshold": 0.3,
        "study_uid": None,
        "sha256s": [],
        "priority_due": "P1",
        "priority_told": "P4",
        **changed,
    }


def keep(folder, name, *, told=None, rows=(), curves=None, at=None):
    here = folder / "evaluations" / name
    here.mkdir(parents=True)
    (here / "metrics.json").write_text(json.dumps(told or metrics()))
    (here / "errors.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    (here / "curves.json").write_text(json.dumps(curves or {"schema": "wetread.curves/1", "readers": []}))
    if at is not None:
        os.utime(here / "metrics.json", (at, at))
    return here


def test_evaluations_are_listed_newest_first_and_a_broken_one_says_what_is_wrong(small_house, tmp_path):
    keep(tmp_path, "old", at=1_000)
    keep(tmp_path, "new", told=metrics(("embedded", "paid")), at=3_000)
    (keep(tmp_path, "broken", at=2_000) / "metrics.json").write_text('{"schema": "wetread.metrics/1", "data": NaN}')
    (tmp_path / "evaluations" / "no-evaluation").mkdir()
    told = small_house.client().get(API).json()
    assert [one["name"] for one in sorted(told["evaluations"], key=lambda one: one["name"])] == ["broken", "new", "old"]
    by_name = {one["name"]: one for one in told["evaluations"]}
    assert (by_name["new"]["readers"], by_name["new"]["test"], by_name["new"]["seed"]) == (["embedded", "paid"], 12, 7)
    assert "metrics.json" in by_name["broken"]["problem"]
    assert by_name["broken"]["readers"] is None
    names = [one["name"] for one in told["evaluations"] if one["name"] != "broken"]
    assert names == ["new", "old"]


def test_a_site_without_evaluations_has_an_empty_list_and_says_where_they_would_be(small_house):
    assert small_house.client().get(API).json() == {"evaluations": [], "folder": "evaluations"}


def test_figures_and_curves_are_told_as_they_were_written(small_house, tmp_path):
    curves = {"schema": "wetread.curves/1", "readers": [{"name": "embedded", "curves": []}]}
    keep(tmp_path, "spring-2026", curves=curves)
    eve = small_house.client()
    assert eve.get(f"{API}/spring-2026").json() == metrics()
    assert eve.get(f"{API}/spring-2026/curves").json() == curves


@pytest.mark.parametrize("name", ["gone", "..", "%2e%2e%2fetc", ".hidden", "a%00b", "a%2fb"])
def test_a_name_that_is_none_opens_nothing(small_house, tmp_path, name):
    keep(tmp_path, "spring")
    (tmp_path / "metrics.json").write_text(json.dumps(metrics()))
    for what in ("", "/curves", "/errors"):
        answer = small_house.client().get(f"{API}/{name}{what}")
        assert answer.status_code in {400, 404, 422}, answer.text
        assert "embedded" not in answer.text


def test_a_wrong_case_opens_by_its_uid_or_by_the_hash_of_what_was_read(house, tmp_path):
    first, second = house.film(1), house.film(2)
    with house.database.read() as connection:
        blob = connection.execute(select(instances.c.blob).where(instances.c.study_id == second)).scalar_one()
    rows = [
        row(1, study_uid="1.2.826.0.1.1"),
        row(2, sha256s=[blob]),
        row(3, study_uid="9.9.9", sha256s=["0" * 64]),
        row(4),
    ]
    keep(tmp_path, "spring", rows=rows)
    told = house.client().get(f"{API}/spring/errors").json()
    assert [one["study_id"] for one in told["rows"]] == [first, second, None, None]
    assert told["total"] == 4


def test_rows_are_chosen_by_reader_finding_and_kind_and_come_fifty_at_a_time(small_house, tmp_path):
    rows = [row(n) for n in range(70)] + [
        row(n, kind="false", code="wr:mass", label="Mass", reader="paid") for n in (1, 2)
    ]
    keep(tmp_path, "spring", rows=rows)
    eve = small_house.client()
    first = eve.get(f"{API}/spring/errors").json()
    assert (first["total"], len(first["rows"])) == (72, 50)
    rest = eve.get(f"{API}/spring/errors", params={"offset": 50}).json()["rows"]
    assert [one["case_id"] for one in [*first["rows"], *rest]] == [one["case_id"] for one in rows]
    assert first["codes"] == [
        {"value": "wr:pneumothorax", "label": "Pneumothorax", "n": 70},
        {"value": "wr:mass", "label": "Mass", "n": 2},
    ]
    for asked in ({"reader": "paid"}, {"code": "wr:mass"}, {"kind": "false"}):
        told = eve.get(f"{API}/spring/errors", params=asked).json()
        assert (told["total"], told["readers"]) == (2, first["readers"])
    assert eve.get(f"{API}/spring/errors", params={"kind": "nonsense"}).status_code == 422
    assert eve.get(f"{API}/spring/errors", params={"offset": -1}).status_code == 422


def test_a_file_that_was_spoilt_is_told_so_and_never_half_shown(small_house, tmp_path):
    here = keep(tmp_path, "spring", rows=[row(1), row(2, kind="odd")])
    answer = small_house.client().get(f"{API}/spring/errors")
    assert (answer.status_code, "errors.jsonl" in answer.text) == (400, True)
    (here / "errors.jsonl").write_text("{}\n[1]\n")
    assert small_house.client().get(f"{API}/spring/errors").status_code == 400
    (here / "curves.json").write_text("[]")
    assert small_house.client().get(f"{API}/spring/curves").status_code == 400
    (here / "curves.json").unlink()
    assert small_house.client().get(f"{API}/spring/curves").status_code == 404


def test_who_may_see_figures_sees_them_and_each_look_is_in_the_audit(small_house, tmp_path):
    keep(tmp_path, "spring", rows=[row(1)])
    for role, may in ((Role.RADIOLOGIST, True), (Role.OPERATOR, True), (Role.ADMIN, True), (Role.TECHNOLOGIST, False)):
        for what in ("", "/spring", "/spring/curves", "/spring/errors"):
            assert small_house.client(role).get(f"{API}{what}").status_code == (200 if may else 403)
    assert small_house.stranger().get(API).status_code == 401
    with small_house.database.read() as connection:
        look = select(audit.c.object).where(audit.c.action == "evaluation_view", audit.c.outcome == "success")
        seen = set(connection.execute(look).scalars())
    assert seen == {"evaluations", "evaluation/spring"}


def test_the_folder_may_lie_elsewhere(databases, tmp_path):
    from api_house import House

    from wetread.store.database import Database, store_url

    keep(tmp_path / "share", "spring")
    opened = Database(store_url(databases("sqlite"), tmp_path))
    house = House(opened, tmp_path, service={"evaluations": tmp_path / "share/evaluations"})
    told = house.client().get(API).json()
    assert [one["name"] for one in told["evaluations"]] == ["spring"]
    assert str(tmp_path) not in json.dumps(told), "a path of the machine is nobody's business"
    opened.close()
