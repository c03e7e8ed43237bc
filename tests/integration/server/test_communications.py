"""Critical results: whom they were told to, and when a human who reads first asked to see the AI's answer."""

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from wetread.domain.people import Role
from wetread.store.tables import audit, communications, events, studies

API = "/api/v1"


def told(house, **changed):
    return {
        "told_to": "Dr. Grey",
        "role": "emergency physician",
        "means": "phone",
        "read_back": True,
        "findings": ["wr:pneumothorax"],
        "words": "Left pneumothorax, please look at the patient now.",
        "told_at": house.now.isoformat(),
        **changed,
    }


def lines(house, action):
    with house.database.read() as connection:
        look = select(audit.c.object, audit.c.actor, audit.c.data).where(audit.c.action == action)
        return [(row.object, row.actor, json.loads(row.data)) for row in connection.execute(look)]


def url(study_id, what="communications"):
    return f"{API}/studies/{study_id}/{what}"


def test_who_was_told_is_written_down_once_and_shown_to_everyone_who_sees_the_study(house):
    eve, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    made = eve.post(url(study_id), json=told(house))
    assert made.status_code == 201, made.text
    house.clock.turn(minutes=5)
    second = eve.post(url(study_id), json=told(house, told_to="Ward 3", role=None, means="other", read_back=False))
    log = house.client(label="Dr. B").get(url(study_id)).json()
    assert log == {"study_id": study_id, "communications": [made.json(), second.json()]}
    first, last = log["communications"]
    assert (first["by"], first["report_id"], first["findings"]) == ("eve", report_id, ["wr:pneumothorax"])
    assert (last["told_to"], last["role"], last["means"], last["read_back"]) == ("Ward 3", None, "other", False)
    assert first["communication_id"] < last["communication_id"]
    for method in ("PUT", "PATCH", "DELETE"):
        assert eve.request(method, url(study_id), json={}).status_code == 405


def test_the_audit_keeps_that_somebody_was_told_and_none_of_the_words(small_house):
    house, study_id = small_house, small_house.film()
    eve = house.person()
    house.reported(study_id)
    number = eve.post(url(study_id), json=told(house, findings=["wr:pneumothorax", "wr:cardiomegaly"])).json()[
        "communication_id"
    ]
    [(what, who, data)] = lines(house, "communication")
    assert (what, who) == (f"study/{study_id}", "eve")
    assert data == {"communication": number, "findings": "wr:pneumothorax wr:cardiomegaly"}
    shown = eve.get(url(study_id, "audit")).json()["lines"]
    assert "communication" in {line["action"] for line in shown}
    with house.database.read() as connection:
        kinds = connection.execute(select(events.c.kind).where(events.c.study_id == study_id)).scalars().all()
    assert "study.communicated" in kinds


@pytest.mark.parametrize("status", ["held", "queued"])
def test_somebody_can_be_told_of_a_study_that_nobody_read(small_house, status):
    house, study_id = small_house, small_house.film()
    house.turn(study_id, status)
    made = house.person().post(url(study_id), json=told(house, findings=[]))
    assert made.status_code == 201, made.text


def test_somebody_can_be_told_while_another_works_on_it_and_after_the_signature(small_house):
    house, study_id = small_house, small_house.film()
    eve, bob = house.person("eve"), house.person("bob")
    report = (house.reported(study_id), eve.get(url(study_id, "report")).json())
    eve.post(url(study_id, "lock"))
    assert bob.post(url(study_id), json=told(house)).status_code == 201
    for finding_id in report[1]["undecided"]:
        eve.post(f"{API}/findings/{finding_id}/decisions", json={"decision": "accept"})
    signed = eve.post(url(study_id, "report/sign"), json={"report_id": report[0]}).json()["report_id"]
    assert bob.post(url(study_id), json=told(house)).json()["report_id"] == signed


def test_only_a_person_who_writes_reports_says_that_somebody_was_told(small_house):
    house, study_id = small_house, small_house.film()
    assert house.client().post(url(study_id), json=told(house)).status_code == 403  # a token
    assert house.person("tech", (Role.TECHNOLOGIST,)).post(url(study_id), json=told(house)).status_code == 403
    assert house.stranger().post(url(study_id), json=told(house)).status_code == 401
    assert house.person().post(url("0" * 32), json=told(house)).status_code == 404
    assert house.client().get(url("0" * 32)).status_code == 404
    assert house.client().get(url(study_id)).json()["communications"] == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"findings": ["wr:no-such-thing"]}, 400),
        ({"findings": ["pneumothorax"]}, 422),
        ({"means": "pigeon"}, 422),
        ({"told_to": ""}, 422),
        ({"words": ""}, 422),
        ({"told_at": "2024-01-02T10:00:00"}, 422),  # which zone?
        ({"told_at": "0001-01-01T00:00:00Z"}, 400),
        ({"told_at": None}, 422),
    ],
)
def test_a_line_that_can_not_be_true_is_not_written(small_house, wrong, status):
    house, study_id = small_house, small_house.film()
    house.reported(study_id)
    eve = house.person()
    assert eve.post(url(study_id), json=told(house, **wrong)).status_code == status
    tomorrow = (house.now + timedelta(days=1)).isoformat()
    assert eve.post(url(study_id), json=told(house, told_at=tomorrow)).status_code == 400
    assert eve.get(url(study_id)).json()["communications"] == []


def test_the_log_goes_with_its_study(house):
    study_id = house.film()
    house.reported(study_id)
    assert house.person().post(url(study_id), json=told(house)).status_code == 201
    with house.database.write() as connection:
        connection.execute(delete(studies).where(studies.c.study_id == study_id))
    with house.database.read() as connection:
        assert connection.execute(select(communications)).all() == []


def test_asking_for_the_ais_answer_is_kept_with_a_seal_of_ones_own_words_and_not_the_words(house):
    eve, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    assert eve.post(url(study_id, "ai-shown"), json={"own_impression": "No  fracture.\n"}).status_code == 204
    assert eve.post(url(study_id, "ai-shown"), json={"own_impression": None}).status_code == 204
    assert eve.post(url(study_id, "ai-shown"), json={"own_impression": " "}).status_code == 204
    seal = hashlib.sha256(b"No  fracture.").hexdigest()
    [with_words, without, blank] = lines(house, "ai_shown")
    assert with_words == (
        f"study/{study_id}",
        "eve",
        {"report": report_id, "own_impression": True, "characters": 13, "sha256": seal},
    )
    assert without[2] == blank[2] == {"report": report_id, "own_impression": False}


def test_only_a_person_reads_first(small_house):
    house, study_id = small_house, small_house.film()
    said = {"own_impression": None}
    assert house.client().post(url(study_id, "ai-shown"), json=said).status_code == 403
    assert house.person("tech", (Role.TECHNOLOGIST,)).post(url(study_id, "ai-shown"), json=said).status_code == 403
    assert house.person().post(url(study_id, "ai-shown"), json={}).status_code == 422
    assert house.person("bob").post(url("0" * 32, "ai-shown"), json=said).status_code == 404
