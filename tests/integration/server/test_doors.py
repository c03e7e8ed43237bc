"""What every request passes and every answer carries; errors that tell nothing but what to do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from wetread.domain.people import Permission, Role
from wetread.server.app import OPEN, create_app, openapi_of, routes_of

API = "/api/v1"
ROOT = Path(__file__).parents[3]


def test_every_route_asks_for_a_permission_or_is_one_of_the_few_open_ones(small_house):
    routes = list(routes_of(small_house.app))
    assert len(routes) > 50
    assert {path for _, path, asked in routes if not asked} == OPEN


def test_a_route_without_a_permission_stops_the_app_at_its_start(small_house, monkeypatch):
    from wetread.server import worklist

    monkeypatch.setattr(worklist, "router", unguarded())
    with pytest.raises(RuntimeError, match="GET /api/v1/open asks for no permission"):
        create_app(small_house.service)


def unguarded():
    from fastapi import APIRouter

    router = APIRouter()

    @router.get("/open")
    def left_open() -> str:
        return "anyone"

    return router


def test_a_stranger_gets_401_whatever_the_body_is(small_house):
    stranger = small_house.stranger()
    for method, path, asked in routes_of(small_house.app):
        if not asked:
            continue
        answer = stranger.request(method, path, content=b"{ not json", headers={"Content-Type": "application/json"})
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "WWW-Authenticate" in answer.headers


def test_answers_carry_the_security_headers_and_are_not_kept(small_house):
    for path in ("/healthz", f"{API}/worklist", "/api/nowhere"):
        headers = small_house.client().get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers


def test_a_report_page_runs_nothing_and_is_framed_by_nobody(small_house):
    study_id = small_house.film()
    small_house.reported(study_id)
    headers = small_house.client().get(f"{API}/studies/{study_id}/report.html").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:80", 200), ("127.0.0.1", 200), ("[::1]:8042", 200), ("evil.example", 400), ("", 400), ("[::2]", 400)],
)
def test_on_the_loopback_only_its_own_names_are_answered_to(small_house, host, status):
    from fastapi.testclient import TestClient

    from wetread.server.app_guard import LOOPBACK

    client = TestClient(create_app(small_house.service, hosts=LOOPBACK))
    assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_a_body_that_is_too_large_is_refused(small_house):
    study_id = small_house.film()
    url = f"{API}/studies/{study_id}/report"
    answer = small_house.client().put(url, json={"text": "x" * 2_000_000}, headers={"If-Match": '"0"'})
    assert answer.status_code == 413


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b"], ids=["NUL", "half a character", "NUL inside"])
def test_text_that_no_database_can_keep_is_refused_at_the_door(small_house, text):
    house = small_house
    study_id, client = house.film(), house.client()
    raw = json.dumps({"assignee": f"x{text}"})
    url = f"{API}/studies/{study_id}"
    assert client.patch(url, content=raw, headers={"Content-Type": "application/json"}).status_code == 422
    assert client.get(f"{API}/worklist?text=%00").status_code == 400
    person = house.person()
    for kept in ({"a": {"b": text}}, {"a": {text: 1}}, {text: 1}):
        raw = json.dumps(kept)
        answer = person.put(f"{API}/me/preferences", content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422


def test_an_unforeseen_error_tells_nothing_of_itself(small_house, monkeypatch, caplog):
    from wetread.server import worklist

    def broken(*_, **__):
        raise ValueError("patient Doe^P1 is in this message")

    monkeypatch.setattr(worklist, "page", broken)
    answer = small_house.client().get(f"{API}/worklist")
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "Doe" not in answer.text + caplog.text
    assert "worklist.py" in caplog.text


def test_preferences_are_a_persons_own(small_house):
    house = small_house
    eve, bob = house.person("eve"), house.person("bob")
    assert eve.put(f"{API}/me/preferences", json={"rows": 40}).status_code == 200
    assert eve.get(f"{API}/me/preferences").json() == {"rows": 40}
    assert bob.get(f"{API}/me/preferences").json() == {}
    assert house.client().put(f"{API}/me/preferences", json={}).status_code == 409
    me = eve.get(f"{API}/me").json()
    assert (me["kind"], me["roles"]) == ("person", ["radiologist"])
    assert Permission.REPORT_SIGN in me["permissions"]


def test_settings_are_shown_without_what_is_secret(databases, tmp_path):
    from api_house import House

    from wetread.store.database import Database, store_url

    opened = Database(store_url(databases("sqlite"), tmp_path))
    secrets = {
        "database": "postgresql://user:hunter2@db.example/wetread",
        "blobs": "s3://key:hunter2@bucket",
        "alerts": {"webhook_url": "https://hooks.example/T0/hunter2"},
    }
    house = House(opened, tmp_path, secrets)
    operator = house.client(Role.OPERATOR)
    pages = [operator.get(f"{API}/settings/{part}") for part in ("service", "readers", "egress", "urgency")]
    assert {page.status_code for page in pages} == {200}
    assert "hunter2" not in "".join(page.text for page in pages)
    assert pages[0].json()["values"]["database"] == "postgresql://db.example"
    assert pages[3].json()["target_min"]["P1"] > 0
    opened.close()


def test_the_operator_sees_queue_jobs_readers_and_cost_but_no_patient(house):
    from datetime import timedelta

    from wetread.store.executors import beat
    from wetread.testing.studies import finding, read

    study_id = house.film()
    house.reported(study_id, read(finding("wr:pneumothorax", "present", 0.4), name="one", cost_usd=0.02))
    beat(house.database, executor_id="w1", host="here", pid=1, software="x", now=house.now - timedelta(seconds=1))
    beat(house.database, executor_id="w0", host="here", pid=2, software="x", now=house.now - timedelta(hours=1))
    operator = house.client(Role.OPERATOR)
    summary = operator.get(f"{API}/ops/summary").json()
    assert [(one["status"], one["n"]) for one in summary["studies"]] == [("reported", 1)]
    assert {one["executor_id"]: one["alive"] for one in summary["workers"]} == {"w1": True, "w0": False}
    readers = {one["reader"]: one for one in operator.get(f"{API}/ops/providers").json()["readers"]}
    assert (readers["one"]["answered"], readers["one"]["cost_usd"]) == (1, 0.02)
    assert readers["embedded"]["asked"] == 0
    assert operator.get(f"{API}/ops/daily").json()["completed"] == 1
    (cost,) = operator.get(f"{API}/ops/costs").json()["costs"]
    assert (cost["day"], cost["cost_usd"], cost["unpriced"]) == (house.now.date().isoformat(), 0.02, 0)
    told = "".join(
        operator.get(f"{API}/ops/{part}").text for part in ("summary", "jobs", "providers", "costs", "daily")
    )
    assert "Doe" not in told


def test_a_monitor_reads_the_metrics_with_a_token_and_finds_no_patient(small_house):
    house = small_house
    study_id = house.film()
    house.reported(study_id)
    assert house.stranger().get("/metrics").status_code == 401
    assert house.client(Role.RADIOLOGIST).get("/metrics").status_code == 403
    answer = house.client(Role.SERVICE).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "wetread_store_up 1.0" in answer.text
    assert "Doe" not in answer.text


def test_a_dead_letter_is_retried_by_who_may(small_house):
    house = small_house
    from wetread.store.jobs import FAILED, READ, add_job, end_job, read_job_id

    study_id = house.film()
    house.turn(study_id, "failed", problem="nobody read it")
    job_id = read_job_id(study_id, 1)
    with house.database.write() as connection:
        add_job(connection, job_id, study_id=study_id, kind=READ, now=house.now)
        end_job(connection, job_id, FAILED, now=house.now, problem="nobody read it")
    operator = house.client(Role.OPERATOR)
    (letter,) = operator.get(f"{API}/ops/jobs", params={"state": "failed"}).json()["jobs"]
    assert (letter["job_id"], letter["problem"]) == (job_id, "nobody read it")
    assert house.client(Role.ADMIN).post(f"{API}/ops/jobs/{job_id}/retry").status_code == 403
    assert operator.post(f"{API}/ops/jobs/{job_id}/retry").json()["job_id"] == read_job_id(study_id, 2)
    assert operator.post(f"{API}/ops/jobs/{job_id}/retry").status_code == 409
    assert operator.post(f"{API}/ops/jobs/nonsense/retry").status_code == 404


def test_readiness_says_which_part_is_missing(small_house, monkeypatch):
    from wetread.server import health

    stranger = small_house.stranger()
    told = stranger.get("/readyz").json()
    assert told["ready"]
    assert told["checks"]["database"]
    assert not told["checks"]["workers"]  # it is ready all the same: studies are taken in and shown
    monkeypatch.setattr(health, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(type(small_house.spool), "free_bytes", lambda _: 0)
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["spool"]) == (503, False)
    assert stranger.get("/healthz").status_code == 200


def test_the_committed_description_is_the_apis(small_house):
    told = openapi_of(small_house.app)
    told["info"]["version"] = "1"
    committed = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(told)) == committed, "run python scripts/make_openapi.py"


def test_the_process_says_where_it_answers_and_ends_when_told(tmp_path):
    words = [sys.executable, "-m", "wetread", "http", "--data", str(tmp_path), "--http", "127.0.0.1:0"]
    process = subprocess.Popen(
        words, stderr=subprocess.PIPE, text=True, env={**os.environ, "WETREAD_LOG_LEVEL": "error"}
    )
    try:
        line = process.stderr.readline()
        assert line.startswith("serving http://127.0.0.1:"), line
        address = line.split()[1]
        assert httpx2.get(f"{address}/readyz").json()["ready"]
        assert httpx2.get(f"{address}{API}/worklist?text=Doe").status_code == 401
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(15) == 0
        assert "Doe" not in rest
    finally:
        process.kill()
        process.wait()
