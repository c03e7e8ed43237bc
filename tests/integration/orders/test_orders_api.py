"""Humans settle what rules can't: orders and messages through the API."""

import pytest
from ordering import adt, order
from sqlalchemy import select

from wetread.domain.people import Role
from wetread.server import orders as routes
from wetread.server.app import API
from wetread.store.tables import audit, orders


@pytest.fixture
def house(small_ris, tmp_path):
    from api_house import House

    made = House(small_ris.database, tmp_path)
    made.ris = small_ris
    if not any(getattr(route, "path", "") == f"{API}/orders" for route in made.app.routes):
        made.app.include_router(routes.router, prefix=API)
    return made


def test_the_list_says_where_each_order_stands_and_why(house):
    house.ris.told(order("P1", accession="A1", priority="S", reason="^stroke?", control="1"))
    house.ris.told(order("P2", control="2", do="CA"))
    client = house.client()
    told = client.get("/api/v1/orders").json()
    assert [row["state"] for row in told["orders"]] == ["cancelled", "open"]
    last = told["orders"][1]
    assert (last["why"], last["accession_number"], last["placer_number"]) == ("no study of it has come", "A1", "P1")
    assert (last["priority"], last["reason"], last["procedure"]) == ("stat", "stroke?", "CT head")
    assert last["patient"] == {"name": "Müller^Anna", "patient_id": "77", "birth_date": "1961-02-03", "sex": "F"}
    assert [row["placer_number"] for row in client.get("/api/v1/orders?state=open").json()["orders"]] == ["P1"]


def test_the_list_goes_on_page_by_page(house):
    for number in range(5):
        house.ris.told(order(f"P{number}", control=str(number)))
    client, after, seen = house.client(), "", []
    while after is not None:
        page = client.get(f"/api/v1/orders?limit=2{after and '&after=' + after}").json()
        seen += [row["placer_number"] for row in page["orders"]]
        after = page["next"]
    assert seen == ["P4", "P3", "P2", "P1", "P0"]


def test_a_human_matches_and_parts_and_the_audit_says_who(house):
    study = house.film(1, patient="99")
    house.ris.told(order("P1", priority="S"))
    client = house.client(label="Dr. A")
    (waiting,) = client.get("/api/v1/orders?state=open").json()["orders"]
    answer = client.post(f"/api/v1/orders/{waiting['order_id']}/match", json={"study_id": study})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["study_id"], answer.json()["why"]) == (
        "matched",
        study,
        "by token:Dr. A",
    )
    assert house.ris.row(study)["order_priority"] == "stat"
    parted = client.post(f"/api/v1/orders/{waiting['order_id']}/unmatch").json()
    assert (parted["state"], parted["study_id"], parted["decided_by"]) == ("open", None, "token:Dr. A")
    assert client.post(f"/api/v1/orders/{waiting['order_id']}/unmatch").status_code == 409
    with house.database.read() as connection:
        seen = [row for row in connection.execute(select(audit)).mappings() if row["action"] == "order_match"]
    assert [row["actor"] for row in seen] == ["token:Dr. A"] * 2


@pytest.mark.parametrize("body", [{"study_id": "x"}, {}, {"study_id": "0" * 32}])
def test_a_study_that_is_none_is_refused(house, body):
    house.ris.told(order())
    answer = house.client().post(f"/api/v1/orders/{house.ris.order['order_id']}/match", json=body)
    assert answer.status_code == (404 if body.get("study_id") == "0" * 32 else 422)
    assert house.ris.order["state"] == "open"


def test_an_order_that_is_none_is_not_found(house):
    study = house.film()
    assert house.client().post(f"/api/v1/orders/{'0' * 32}/match", json={"study_id": study}).status_code == 404
    assert house.client().get(f"/api/v1/orders?after={'0' * 32}").status_code == 404


def test_problems_are_listed_without_their_content_and_tried_again(house):
    house.ris.told(adt("A08", "PID|||", control="SECRET"))
    house.ris.told(order(name="Secretname^A"))
    operator = house.client(Role.OPERATOR, label="op")
    (problem,) = operator.get("/api/v1/messages?state=problem").json()["messages"]
    assert (problem["kind"], problem["problem"]) == ("ADT^A08", "its PID-3 names no patient")
    assert "Secretname" not in operator.get("/api/v1/messages").text
    again = operator.post(f"/api/v1/messages/{problem['message_id']}/retry")
    assert again.json() == {"problem": "its PID-3 names no patient"}
    done = operator.get("/api/v1/messages?state=done").json()["messages"][0]
    assert operator.post(f"/api/v1/messages/{done['message_id']}/retry").status_code == 409
    assert operator.post("/api/v1/messages/999/retry").status_code == 404


def test_who_may_not_is_told_so(house):
    house.ris.told(order())
    auditor, operator = house.client(Role.AUDITOR), house.client(Role.OPERATOR)
    order_id = house.ris.rows(orders)[0]["order_id"]
    assert auditor.get("/api/v1/orders").status_code == 403
    assert operator.post(f"/api/v1/orders/{order_id}/match", json={"study_id": "0" * 32}).status_code == 403
    assert house.client().get("/api/v1/messages").status_code == 403
    assert house.client().post("/api/v1/messages/1/retry").status_code == 403
