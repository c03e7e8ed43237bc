"""A report is taken back by a human, wherever it went; what a destination had before travels with its successor."""

import pytest

from wetread.domain.report import Receipt
from wetread.store.deliveries import Outcome, begin_delivery, deliveries_of, due, end_delivery

API = "/api/v1"
WHY = {"reason": "wrong patient"}


def hand_over(house, *, only=None):
    """Deliver whatever is due, as a worker does; what each destination was given."""
    given = []
    for report_id, destination, attempt in due(house.database, now=house.now, longest_wait_s=300):
        if only is not None and destination not in only:
            continue
        sending = begin_delivery(house.database, report_id, destination, attempt, executor="w", now=house.now)
        receipt = Receipt(destination=destination, report_id=report_id, reference=f"got {report_id}")
        assert end_delivery(house.database, sending, Outcome(receipt=receipt), now=house.now)
        given.append((destination, sending.report))
    return given


def withdraw(client, study_id, report_id, **more):
    return client.post(f"{API}/studies/{study_id}/report/withdraw", json={"report_id": report_id, **WHY, **more})


def test_a_withdrawn_report_goes_to_those_who_were_given_it_and_to_nobody_else(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id, to=("pacs", "ehr"))
    [(_, first)] = hand_over(house, only=("pacs",))
    assert first.supersedes is None
    assert first.made_at == house.now
    house.clock.turn(seconds=60)
    answer = withdraw(client, study_id, report_id)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "rejected"
    [(destination, taken_back)] = hand_over(house)
    assert destination == "pacs"
    assert taken_back.status == "rejected"
    assert taken_back.consensus is None
    assert (taken_back.signature.by, taken_back.signature.reason) == ("eve", "wrong patient")
    assert taken_back.supersedes.report_id == report_id
    assert {one.finding.code for one in taken_back.supersedes.findings} == {"wr:pneumothorax", "wr:cardiomegaly"}


def test_a_study_whose_report_was_withdrawn_waits_for_a_human_as_urgent_as_it_was(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    before = client.get(f"{API}/studies/{study_id}").json()
    assert withdraw(client, study_id, report_id).status_code == 200
    after = client.get(f"{API}/studies/{study_id}").json()
    assert (after["open"], after["status"], after["priority"]) == (True, "held", before["priority"])
    assert after["top_finding"] is None
    assert "wrong patient" in after["problem"]
    kinds = [line["kind"] for line in client.get(f"{API}/studies/{study_id}/trace").json()["lines"]]
    assert kinds[-1] == "withdrawn"
    shown = client.get(f"{API}/studies/{study_id}/report.html").text
    assert "WITHDRAWN" in shown.upper()
    assert "wrong patient" in shown
    assert "neumothorax" not in shown


def test_after_a_withdrawal_a_human_signs_a_report_of_their_own_and_may_withdraw_that_too(house):
    client, study_id = house.person(), house.film()
    assert withdraw(client, study_id, house.reported(study_id)).status_code == 200
    for _ in range(2):
        house.clock.turn(seconds=60)
        own = client.get(f"{API}/studies/{study_id}/report").json()["report_id"]
        said = {"report_id": own, "text": "Nothing of note by my own eyes."}
        signed = client.post(f"{API}/studies/{study_id}/report/sign", json=said)
        assert signed.status_code == 200, signed.text
        assert client.get(f"{API}/studies/{study_id}").json()["status"] == "signed"
        again = withdraw(client, study_id, signed.json()["report_id"])
        assert again.status_code == 200, again.text
        assert client.get(f"{API}/studies/{study_id}").json()["open"]


@pytest.mark.parametrize("why", ["", "  "])
def test_a_withdrawal_needs_a_reason_a_person_and_the_report_that_stands(house, why):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    assert withdraw(client, study_id, report_id, reason=why).status_code == 422
    assert withdraw(house.client(), study_id, report_id).status_code == 403
    assert withdraw(client, study_id, "wr-another").status_code == 409
    assert withdraw(client, study_id, report_id).status_code == 200
    assert withdraw(client, study_id, report_id).status_code == 409


def test_what_was_never_sent_is_not_taken_back_anywhere(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id, to=("pacs",))
    assert withdraw(client, study_id, report_id).status_code == 200
    assert hand_over(house) == []
    with house.database.read() as connection:
        assert [row["state"] for row in deliveries_of(connection, study_id)] == ["void"]


def test_a_signed_report_tells_each_destination_what_it_had_before(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id, to=("pacs", "ehr"))
    hand_over(house, only=("pacs",))
    for finding_id in client.get(f"{API}/studies/{study_id}/report").json()["undecided"]:
        client.post(f"{API}/findings/{finding_id}/decisions", json={"decision": "accept"})
    house.clock.turn(seconds=60)
    assert client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id}).status_code == 200
    given = dict(hand_over(house))
    assert given["pacs"].supersedes.report_id == report_id
    assert given["ehr"].supersedes is None


def test_a_report_is_sent_again_and_to_a_new_place_on_demand(house):
    client, study_id = house.person(), house.film()
    house.reported(study_id)
    [(_, first)] = hand_over(house)
    again = client.post(f"{API}/studies/{study_id}/deliveries", json={"destination": "folder"})
    assert again.status_code == 202, again.text
    on_its_way = client.post(f"{API}/studies/{study_id}/deliveries", json={"destination": "folder"})
    assert on_its_way.status_code == 409
    [(_, second)] = hand_over(house)
    assert second == first
    unknown = client.post(f"{API}/studies/{study_id}/deliveries", json={"destination": "moon"})
    assert unknown.status_code == 404
    [row] = client.get(f"{API}/studies/{study_id}/deliveries").json()
    assert (row["destination"], row["state"], row["attempts"]) == ("folder", "delivered", 2)
    assert row["reference"].startswith("got wr-")
