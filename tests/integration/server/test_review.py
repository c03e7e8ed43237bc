"""From a preliminary report to a signed one, through the API."""

import pytest

from wetread.domain.report import Report
from wetread.store.records import from_record

API = "/api/v1"


def body(house, report_id):
    from sqlalchemy import select

    from wetread.store.tables import reports

    with house.database.read() as connection:
        row = connection.execute(select(reports).where(reports.c.report_id == report_id)).mappings().one()
    return from_record(Report, row["body"]), row


def decide_all(client, study_id, decision="accept"):
    report = client.get(f"{API}/studies/{study_id}/report").json()
    for finding_id in report["undecided"]:
        answer = client.post(f"{API}/findings/{finding_id}/decisions", json={"decision": decision})
        assert answer.status_code == 201, answer.text
    return report["report_id"]


def test_a_report_is_signed_once_every_finding_is_decided_on(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    early = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    assert early.status_code == 409
    assert "2 findings" in early.json()["detail"]
    assert decide_all(client, study_id) == report_id
    signed = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    assert signed.status_code == 200, signed.text
    final, row = body(house, signed.json()["report_id"])
    assert (final.status, final.signature.by, row["predecessor"]) == ("final", "eve", report_id)
    row = client.get(f"{API}/studies/{study_id}").json()
    assert (row["status"], row["open"]) == ("signed", False)
    assert [line["kind"] for line in client.get(f"{API}/studies/{study_id}/trace").json()["lines"]][-1] == "signed"
    again = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    assert again.status_code == 409


def test_an_edit_empties_what_it_says_is_null_and_keeps_what_it_leaves_out(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    house.reported(study_id)
    finding = client.get(f"{API}/studies/{study_id}/report").json()["undecided"][1]
    url = f"{API}/findings/{finding}/decisions"
    first = {"presence": "present", "severity": "mild", "location": "apex", "laterality": "left"}
    assert client.post(url, json={"decision": "edit", "told": first}).status_code == 201
    second = {"presence": "present", "severity": None, "laterality": None}
    assert client.post(url, json={"decision": "edit", "told": second}).status_code == 201
    decisions = client.get(f"{API}/studies/{study_id}/report").json()["findings"]
    told = next(one["decision"]["told"] for one in decisions if one["finding_id"] == finding)
    assert (told["severity"], told["laterality"]) == (None, None)
    nobody = client.post(url, json={"decision": "edit", "told": {"presence": None}})
    assert nobody.status_code == 422


def test_what_a_human_rejected_edited_and_added_is_what_the_final_report_says(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    house.reported(study_id)
    told = client.get(f"{API}/studies/{study_id}/report").json()
    pneumothorax, cardiomegaly = told["undecided"]
    assert client.post(f"{API}/findings/{pneumothorax}/decisions", json={"decision": "reject"}).status_code == 201
    edit = {"decision": "edit", "told": {"presence": "present", "severity": "mild"}}
    assert client.post(f"{API}/findings/{cardiomegaly}/decisions", json=edit).status_code == 201
    new = {
        "code": "wr:rib-fracture-acute",
        "laterality": "left",
        "evidence": [{"sop_instance_uid": "1.2.3", "box": [0.1, 0.1, 0.2, 0.2]}],
    }
    added = client.post(f"{API}/studies/{study_id}/findings", json=new)
    assert added.status_code == 201, added.text
    wordless = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": told["report_id"]})
    assert wordless.status_code == 409  # the AI's impression still speaks of a pneumothorax
    said = {"report_id": told["report_id"], "text": "Mild cardiomegaly. Left rib fracture."}
    signed = client.post(f"{API}/studies/{study_id}/report/sign", json=said).json()
    final, _ = body(house, signed["report_id"])
    by_code = {one.finding.code: one for one in final.consensus.findings}
    assert by_code["wr:pneumothorax"].finding.presence == "absent"
    assert by_code["wr:pneumothorax"].absent_by == ("eve",)
    assert by_code["wr:pneumothorax"].present_by == ("one",)
    assert (by_code["wr:cardiomegaly"].finding.severity, by_code["wr:cardiomegaly"].finding.probability) == (
        "mild",
        None,
    )
    assert by_code["wr:rib-fracture-acute"].present_by == ("eve",)
    assert by_code["wr:rib-fracture-acute"].finding.evidence[0].origin == "human"
    assert final.terms["wr:rib-fracture-acute"].label
    assert final.impression == "Mild cardiomegaly. Left rib fracture."


def test_a_token_never_makes_a_report_final(small_house):
    house = small_house
    person, token, study_id = house.person(), house.client(), house.film()
    report_id = house.reported(study_id)
    decide_all(person, study_id)
    said = {"report_id": report_id}
    assert token.post(f"{API}/studies/{study_id}/report/sign", json=said).status_code == 403
    assert person.post(f"{API}/studies/{study_id}/report/sign", json=said).status_code == 200
    assert token.post(f"{API}/studies/{study_id}/report/addenda", json={"text": "x"}).status_code == 403


def test_a_finding_that_was_added_and_taken_back_is_not_signed(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    decide_all(client, study_id)
    added = client.post(f"{API}/studies/{study_id}/findings", json={"code": "wr:rib-fracture-acute"}).json()[
        "finding_id"
    ]
    assert client.post(f"{API}/findings/{added}/decisions", json={"decision": "reject"}).status_code == 201
    said = {"report_id": report_id, "text": "As above."}
    final, _ = body(house, client.post(f"{API}/studies/{study_id}/report/sign", json=said).json()["report_id"])
    assert "wr:rib-fracture-acute" not in {one.finding.code for one in final.consensus.findings}


def test_nobody_signs_a_report_that_another_one_superseded_meanwhile(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    old = house.reported(study_id)
    decide_all(client, study_id)
    finding = f"{old}.0"
    new = house.reported(study_id)
    assert client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": old}).status_code == 409
    assert client.post(f"{API}/findings/{finding}/decisions", json={"decision": "accept"}).status_code == 409
    fresh = client.get(f"{API}/studies/{study_id}/report").json()
    assert fresh["report_id"] == new
    assert len(fresh["undecided"]) == 2  # what was decided on the old images does not count


def test_addenda_follow_each_other_and_keep_what_was_signed(house):
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    assert client.post(f"{API}/studies/{study_id}/report/addenda", json={"text": "early"}).status_code == 409
    decide_all(client, study_id)
    client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    for text in ("first", "second"):
        house.clock.turn(minutes=1)
        assert client.post(f"{API}/studies/{study_id}/report/addenda", json={"text": text}).status_code == 201
    told = client.get(f"{API}/studies/{study_id}/report").json()
    assert told["status"] == "amended"
    assert [one["text"] for one in told["addenda"]] == ["first", "second"]
    assert told["signature"]["preliminary_id"] == report_id
    assert [one["status"] for one in told["history"]] == ["preliminary", "final", "amended", "amended"]
    for output, marks in (("txt", ("second", "eve")), ("html", ("second", "eve")), ("json", ("second", "eve"))):
        page = client.get(f"{API}/studies/{study_id}/report.{output}")
        assert page.status_code == 200
        assert all(mark in page.text for mark in marks), output


def test_a_final_report_goes_where_the_preliminary_one_went_and_that_one_goes_nowhere_any_more(house):
    from sqlalchemy import select

    from wetread.store.tables import deliveries

    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id, to=("folder", "pacs"))
    decide_all(client, study_id)
    final = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id}).json()["report_id"]
    with house.database.read() as connection:
        rows = connection.execute(select(deliveries.c.report_id, deliveries.c.destination, deliveries.c.state)).all()
    assert {tuple(row) for row in rows} == {
        (report_id, "folder", "void"),
        (report_id, "pacs", "void"),
        (final, "folder", "waiting"),
        (final, "pacs", "waiting"),
    }


@pytest.mark.parametrize("status", ["held", "queued"])
def test_a_study_that_no_reader_was_asked_for_is_signed_in_the_humans_words(small_house, status):
    house = small_house
    client, study_id = house.person(), house.film()
    house.turn(study_id, status)
    told = client.get(f"{API}/studies/{study_id}/report").json()
    assert told["findings"] == []
    wordless = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": told["report_id"]})
    assert wordless.status_code == 409
    added = client.post(f"{API}/studies/{study_id}/findings", json={"code": "wr:rib-fracture-acute"})
    assert added.status_code == 201, added.text
    said = {"report_id": told["report_id"], "text": "Rib fracture."}
    signed = client.post(f"{API}/studies/{study_id}/report/sign", json=said)
    assert signed.status_code == 200, signed.text
    final, _ = body(house, signed.json()["report_id"])
    assert final.study.study_uid == "1.2.826.0.1.1"
    assert [one.finding.code for one in final.consensus.findings] == ["wr:rib-fracture-acute"]
    assert final.answers == ()


def test_a_study_that_still_arrives_is_not_signed(small_house):
    client, study_id = small_house.person(), small_house.film()
    told = client.get(f"{API}/studies/{study_id}/report").json()
    said = {"report_id": told["report_id"], "text": "x"}
    assert client.post(f"{API}/studies/{study_id}/report/sign", json=said).status_code == 409


def test_a_late_image_makes_the_signed_report_outdated_and_the_study_open_again(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    decide_all(client, study_id)
    client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    house.film(late=True)
    row = client.get(f"{API}/studies/{study_id}").json()
    assert (row["status"], row["open"]) == ("receiving", True)
    assert client.get(f"{API}/studies/{study_id}/report").json()["status"] == "final"


def test_a_draft_written_over_an_older_one_is_refused_and_nothing_is_lost(house):
    client, study_id = house.person(), house.film()
    house.reported(study_id)
    url = f"{API}/studies/{study_id}/report"
    assert client.put(url, json={"text": "a"}).status_code == 400  # it does not say what it was written over
    first = client.put(url, json={"text": "a"}, headers={"If-Match": client.get(url).headers["ETag"]})
    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    assert client.put(url, json={"text": "b"}, headers={"If-Match": '"1"'}).json()["revision"] == 2
    stale = client.put(url, json={"text": "c"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 409
    assert stale.headers["content-type"] == "application/problem+json"
    stands = client.get(url).json()["draft"]
    assert stands["text"] == "b"
    assert stale.json()["draft"] == stands  # so that a page can offer both


def test_a_draft_that_is_not_kept_is_answered_with_the_one_that_stands_whatever_the_reason(small_house):
    house = small_house
    one, two, study_id = house.person("eve"), house.person("bob"), house.film()
    report_id, url = house.reported(study_id), f"{API}/studies/{study_id}/report"
    one.put(url, json={"text": "eve's"}, headers={"If-Match": '"0"'})
    one.post(f"{API}/studies/{study_id}/lock")
    held = two.put(url, json={"text": "bob's"}, headers={"If-Match": '"1"'})
    assert (held.status_code, held.json()["draft"]["by"], held.json()["draft"]["text"]) == (409, "eve", "eve's")
    decide_all(one, study_id)
    assert one.post(f"{url}/sign", json={"report_id": report_id}).status_code == 200
    signed = two.put(url, json={"text": "bob's"}, headers={"If-Match": '"1"'})
    assert (signed.status_code, signed.json()["draft"]["revision"]) == (409, 0)
    assert "addendum" in signed.json()["detail"]
    assert two.put(f"{API}/studies/{'0' * 32}/report", json={"text": ""}, headers={"If-Match": "0"}).status_code == 404


def test_the_draft_is_what_is_signed_where_no_other_words_are_given(small_house):
    house = small_house
    client, study_id = house.person(), house.film()
    report_id = house.reported(study_id)
    decide_all(client, study_id, "reject")
    client.put(f"{API}/studies/{study_id}/report", json={"text": "Unremarkable."}, headers={"If-Match": '"0"'})
    signed = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id}).json()
    assert body(house, signed["report_id"])[0].impression == "Unremarkable."


def test_whoever_holds_a_study_keeps_others_from_changing_it_for_a_minute(house):
    one, two, study_id = house.client(), house.client(label="Dr. B"), house.film()
    house.reported(study_id)
    finding = one.get(f"{API}/studies/{study_id}/report").json()["undecided"][0]
    lock = f"{API}/studies/{study_id}/lock"
    assert one.post(lock).json()["holder"] == "token:Dr. A"
    assert two.post(lock).status_code == 409
    assert two.post(f"{API}/findings/{finding}/decisions", json={"decision": "accept"}).status_code == 409
    assert two.delete(lock).status_code == 204  # letting go of what one does not hold does nothing
    assert two.post(lock).status_code == 409
    house.clock.turn(seconds=50)
    assert one.post(lock).status_code == 200
    house.clock.turn(seconds=50)
    assert two.post(lock).status_code == 409
    house.clock.turn(seconds=11)
    assert two.post(lock).json()["holder"] == "token:Dr. B"
    assert one.get(f"{API}/studies/{study_id}").json()["lock"]["holder"] == "token:Dr. B"
    assert two.delete(lock).status_code == 204
    assert one.post(lock).status_code == 200
