"""The gate over HTTP: who sees it, who decides, and what the audit keeps of a decision."""

from sqlalchemy import select

from wetread.domain.people import Role
from wetread.evaluate.gate import Outcome
from wetread.store.audit import verify
from wetread.store.tables import audit
from wetread.store.tokens import add_token

GATE = "/api/v1/gate"


def lines(site, action):
    with site.database.read() as connection:
        return [dict(r) for r in connection.execute(select(audit).where(audit.c.action == action)).mappings()]


def test_an_administrator_sees_promotes_and_rolls_back_and_the_audit_says_so(clinic):
    site = clinic(shadow=["dime"])
    site.read(site.film())
    site.look()
    stopped, run_id = site.ran("broken", outcome=Outcome.STOPPED), site.ran("dime")
    ada = site.client("ada", Role.ADMIN)
    told = ada.get(GATE).json()
    by_id = {one["run_id"]: one for one in told["runs"]}
    assert by_id[run_id]["refused"] is None
    assert "the gate stopped broken" in by_id[stopped]["refused"]
    assert [one["name"] for one in by_id[run_id]["checks"]] == ["cases", "any finding", "critical cases lost"]
    (shadow,) = told["shadow"]
    assert (shadow["reader"], shadow["n_both"], shadow["raised"]["n"]) == ("dime", 1, 1)
    assert (shadow["critical_gained"], len(shadow["changed"])) == (1, 1)

    made = ada.post(f"{GATE}/promote", json={"run_id": run_id, "slot": "coin", "reason": "it is better"})
    assert (made.status_code, made.json()["by"], made.json()["run_id"]) == (201, "ada", run_id)
    assert [(one["slot"], one["reader"]) for one in ada.get(GATE).json()["lineup"]] == [("coin", "dime")]
    back = ada.post(f"{GATE}/rollback", json={"slot": "coin", "reason": "it was not"})
    assert (back.status_code, back.json()["reader"], back.json()["kind"]) == (201, "coin", "rollback")
    assert [one["kind"] for one in ada.get(GATE).json()["history"]] == ["rollback", "promote"]
    (promoted,), (rolled,) = lines(site, "promote"), lines(site, "rollback")
    assert (promoted["actor"], promoted["object"], rolled["object"]) == ("ada", "slot/coin", "slot/coin")
    assert run_id in promoted["data"]
    assert len(lines(site, "evaluation_view")) == 3
    assert verify(site.database).whole


def test_what_is_refused_is_told_as_a_conflict_and_changes_nothing(clinic):
    site = clinic()
    ada = site.client("ada", Role.ADMIN)
    stopped = site.ran("dime", outcome=Outcome.STOPPED)
    refused = ada.post(f"{GATE}/promote", json={"run_id": stopped, "slot": "coin", "reason": "I want it"})
    assert refused.status_code == 409
    assert "the gate stopped dime" in refused.json()["detail"]
    assert ada.post(f"{GATE}/rollback", json={"slot": "coin", "reason": "back"}).status_code == 409
    nowhere = ada.post(f"{GATE}/promote", json={"run_id": "0" * 32, "slot": "coin", "reason": "I want it"})
    assert nowhere.status_code == 404
    for wrong in ({"run_id": "x", "slot": "coin", "reason": "why"}, {"run_id": stopped, "slot": "coin", "reason": ""}):
        assert ada.post(f"{GATE}/promote", json=wrong).status_code == 422
    assert ada.get(GATE).json()["lineup"] == []
    assert not lines(site, "promote")


def test_a_radiologist_only_looks_a_technologist_does_not_and_a_token_never_decides(clinic):
    site = clinic()
    decision = {"run_id": site.ran("dime"), "slot": "coin", "reason": "it is better"}
    ray, tim = site.client("ray", Role.RADIOLOGIST), site.client("tim", Role.TECHNOLOGIST)
    assert ray.get(GATE).status_code == 200
    assert ray.post(f"{GATE}/promote", json=decision).status_code == 403
    assert tim.get(GATE).status_code == 403
    secret, _ = add_token(site.database, role=Role.ADMIN, label="robot", by="test", now=site.now)
    ray.cookies.clear()
    headers = {"Authorization": f"Bearer {secret}"}
    denied = ray.post(f"{GATE}/promote", json=decision, headers=headers)
    assert denied.status_code == 403
    assert "only a person" in denied.json()["detail"]
