"""The worklist and one study of it, through the API."""

import pytest
from sqlalchemy import select

from wetread.domain.people import Role
from wetread.store.change import change_study
from wetread.store.tables import audit, studies
from wetread.testing.studies import abstention

API = "/api/v1"


def actions(house):
    with house.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(audit.c.action, audit.c.object).order_by(audit.c.seq))]


def test_the_worklist_says_who_stands_where_and_why(house):
    client = house.client()
    first, second = house.film(1), house.film(2, patient="P2")
    house.reported(second)
    answer = client.get(f"{API}/worklist")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) >= {"server_time", "total", "rows", "next"}
    assert (told["total"], told["next"]) == (2, None)
    rows = {row["study_id"]: row for row in told["rows"]}
    assert rows[first]["ai"] == "pending"
    assert (rows[second]["ai"], rows[second]["status"]) == ("read", "reported")
    assert rows[second]["why"]
    assert rows[second]["modalities"] == ["DX"]
    assert rows[first]["patient"] == {
        "name": "Doe^P1",
        "patient_id": "P1",
        "birth_date": None,
        "sex": None,
        "age_years": None,
    }
    assert rows[first]["deadline"].endswith(("Z", "+00:00"))
    assert ("worklist_view", "worklist") in actions(house)


def test_a_study_that_ai_failed_on_is_not_a_study_without_findings(small_house):
    house, study_id = small_house, small_house.film()
    house.reported(study_id, abstention("the provider does not answer", failed=True), status="failed")
    row = house.client().get(f"{API}/worklist").json()["rows"][0]
    assert (row["ai"], row["priority"]) == ("failed", "UNREAD")
    for asked, shown in (("failed", 1), ("unread", 0), ("read", 0)):
        told = house.client().get(f"{API}/worklist", params={"ai": asked}).json()
        assert (told["total"], len(told["rows"])) == (shown, shown), asked


def test_filters_leave_out_what_does_not_fit(house):
    client = house.client()
    film, other = house.film(1), house.film(2, patient="P2")
    house.reported(other)

    def found(**asked):
        answer = client.get(f"{API}/worklist", params=asked)
        assert answer.status_code == 200, answer.text
        return {row["study_id"] for row in answer.json()["rows"]}

    assert found(status="receiving") == {film}
    assert found(status=["receiving", "reported"]) == {film, other}
    assert found(patient_id="P2") == {other}
    assert found(text="doe^p2") == {other}
    assert found(modality="CT") == set()
    assert found(open=False) == set()
    assert found(overdue=True) == set()
    house.clock.turn(hours=3)
    assert film in found(overdue=True)
    assert found(priority="P1") | found(priority="P2") == {other}


def test_pages_join_without_a_gap_or_a_row_twice(house):
    wanted = {house.film(number, patient=f"P{number}") for number in range(7)}
    client, seen, after = house.client(), [], None
    while True:
        page = client.get(f"{API}/worklist", params={"limit": 3, **({"after": after} if after else {})}).json()
        seen += [row["study_id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == 7
    assert set(seen) == wanted
    assert client.get(f"{API}/worklist", params={"after": "nonsense"}).status_code == 400
    assert client.get(f"{API}/worklist", params={"limit": 101}).status_code == 422


def test_a_jump_leads_into_the_middle_of_the_list(small_house):
    house = small_house
    for number in range(7):
        house.film(number, patient=f"P{number}")
    client = house.client()
    rows = client.get(f"{API}/worklist").json()["rows"]
    page = client.get(f"{API}/worklist", params={"offset": 3, "limit": 2}).json()
    assert (page["rows"], page["total"]) == (rows[3:5], 7)
    assert client.get(f"{API}/worklist", params={"after": page["next"], "limit": 5}).json()["rows"] == rows[5:]
    assert client.get(f"{API}/worklist", params={"offset": 7}).json()["rows"] == []
    assert client.get(f"{API}/worklist", params={"offset": 3, "after": page["next"]}).status_code == 400
    assert client.get(f"{API}/worklist", params={"offset": -1}).status_code == 422


def test_rows_say_how_many_priors_there_are_and_whether_readers_disagree(small_house):
    house = small_house
    first, second, other = house.film(1), house.film(2), house.film(3, patient="P2")
    house.reported(second)
    with house.database.write() as connection:
        change_study(connection, second, now=house.now, kind="study.changed", disputed=True)
    client = house.client()

    def rows(**asked):
        return {row["study_id"]: row for row in client.get(f"{API}/worklist", params=asked).json()["rows"]}

    assert {name: row["priors"] for name, row in rows().items()} == {first: 1, second: 1, other: 0}
    assert {name: row["disputed"] for name, row in rows().items()} == {first: False, second: True, other: False}
    assert set(rows(disputed=True)) == {second}
    assert set(rows(disputed=False)) == {first, other}
    assert set(rows(ai="pending")) == {first, other}
    assert set(rows(ai=["read", "failed"])) == {second}
    told = client.get(f"{API}/studies/{first}").json()
    assert (told["priors"], told["disputed"]) == (1, False)
    [earlier] = client.get(f"{API}/studies/{first}/priors").json()["rows"]
    assert (earlier["study_id"], earlier["priors"], earlier["disputed"]) == (second, 1, True)
    assert client.get(f"{API}/worklist", params={"ai": "nothing found"}).status_code == 422


def test_the_counts_are_what_the_lists_hold(house):
    late, mine, signed = house.film(1), house.film(2), house.film(3)
    house.clock.turn(hours=3)
    house.film(4)
    client = house.person()
    for study_id in (mine, signed):
        report_id = house.reported(study_id)
    client.patch(f"{API}/studies/{mine}", json={"assignee": "eve"})
    client.patch(f"{API}/studies/{late}", json={"assignee": "bob"})
    report = client.get(f"{API}/studies/{signed}/report").json()
    for finding_id in report["undecided"]:
        client.post(f"{API}/findings/{finding_id}/decisions", json={"decision": "accept"})
    said = {"report_id": report_id, "text": "As above."}
    assert client.post(f"{API}/studies/{signed}/report/sign", json=said).status_code == 200
    told = client.get(f"{API}/worklist/counts").json()
    assert {name: told[name] for name in ("open", "mine", "unassigned", "overdue", "signed")} == {
        "open": 3,
        "mine": 1,
        "unassigned": 1,
        "overdue": 2,
        "signed": 1,
    }
    assert told["by_priority"]["pending"] == 2
    assert sum(told["by_priority"].values()) == told["open"]
    for name, asked in {
        "open": {"open": True},
        "mine": {"open": True, "assignee": "eve"},
        "unassigned": {"open": True, "assignee": "none"},
        "overdue": {"overdue": True},
        "signed": {"status": "signed", "sort": "signed_at"},
    }.items():
        assert client.get(f"{API}/worklist", params=asked).json()["total"] == told[name], name


def test_the_newest_signature_comes_first(small_house):
    house, client = small_house, small_house.person()
    wanted = [house.film(number) for number in (2, 1, 3)]
    for study_id in wanted:
        house.clock.turn(minutes=1)
        with house.database.write() as connection:
            signed = {"status": "signed", "open": False, "signed_at": house.now}
            change_study(connection, study_id, now=house.now, kind="study.signed", **signed)
    house.film(4)
    rows = client.get(f"{API}/worklist", params={"status": "signed", "sort": "signed_at"}).json()["rows"]
    assert [row["study_id"] for row in rows] == wanted[::-1]


def test_a_study_is_assigned_and_an_older_look_at_it_is_refused(small_house):
    house = small_house
    client, study_id = house.client(), house.film()
    etag = client.get(f"{API}/studies/{study_id}").headers["ETag"]
    url = f"{API}/studies/{study_id}"
    assert client.patch(url, json={"assignee": "eve"}, headers={"If-Match": etag}).json()["assignee"] == "eve"
    assert client.patch(url, json={"assignee": "bob"}, headers={"If-Match": etag}).status_code == 409
    assert client.get(url).json()["assignee"] == "eve"
    assert client.patch(url, json={"assignee": None}).json()["assignee"] is None
    assert ("assign", f"study/{study_id}") in actions(house)


def test_a_priority_is_overridden_with_a_reason_and_said_so(house):
    client, study_id = house.client(), house.film()
    house.reported(study_id)
    url = f"{API}/studies/{study_id}"
    assert client.patch(url, json={"override": {"priority": "P1", "reason": " "}}).status_code == 422
    assert client.patch(url, json={"override": {"priority": "UNREAD", "reason": "x"}}).status_code == 400
    raised = client.patch(url, json={"override": {"priority": "P1", "reason": "patient is crashing"}})
    assert raised.status_code == 200, raised.text
    row = raised.json()
    assert (row["lane"], row["priority"]) == (1, "P1")
    assert any("patient is crashing" in line for line in row["why"])
    assert row["override"]["by"] == "token:Dr. A"
    assert ("priority_override", f"study/{study_id}") in actions(house)


def test_another_read_is_asked_for_and_the_study_waits_again(small_house):
    house = small_house
    client, study_id = house.client(), house.film()
    assert client.post(f"{API}/studies/{study_id}/reads").status_code == 409
    house.reported(study_id)
    asked = client.post(f"{API}/studies/{study_id}/reads")
    assert (asked.status_code, asked.json()["job_id"]) == (202, f"read-{study_id}-2")
    assert client.get(f"{API}/studies/{study_id}").json()["status"] == "queued"


def test_priors_are_of_the_same_patient_only(small_house):
    house = small_house
    client, study_id = house.client(), house.film(1)
    same, other = house.film(2), house.film(3, patient="P2")
    found = {row["study_id"] for row in client.get(f"{API}/studies/{study_id}/priors").json()["rows"]}
    assert same in found
    assert other not in found


def test_who_touched_a_study_is_told_to_those_who_work_on_it(small_house):
    house, study_id = small_house, small_house.film()
    house.client(label="Dr. B").get(f"{API}/studies/{study_id}")
    lines = house.client().get(f"{API}/studies/{study_id}/audit").json()["lines"]
    assert ("token:Dr. B", "study_view") in {(line["actor"], line["action"]) for line in lines}
    assert house.client(Role.TECHNOLOGIST).get(f"{API}/studies/{study_id}/audit").status_code == 403


def test_reads_are_shown_side_by_side_with_their_own_words_apart(small_house):
    house = small_house
    from wetread.domain.finding import Evidence
    from wetread.testing.studies import finding, read

    box = Evidence(file="f", sop_instance_uid="1.2.3", frame=1, box=(0.5, 0.25, 0.75, 0.5), origin="cam")
    client, study_id = house.client(), house.film()
    one = read(finding("wr:pneumothorax", "present", 0.4, evidence=(box,)), name="one", original="{raw}", cost_usd=0.01)
    house.reported(study_id, one, read(finding("wr:pneumothorax", "absent", 0.1), name="two"))
    told = client.get(f"{API}/studies/{study_id}/reads").json()
    by_name = {each["reader"]["name"]: each for each in told["reads"]}
    assert by_name["one"]["read"]["findings"][0]["code"] == "wr:pneumothorax"
    assert by_name["one"]["read"]["original"] is None
    assert by_name["one"]["heatmaps"] == ["1.2.3"]
    read_id = by_name["one"]["read_id"]
    assert client.get(f"{API}/reads/{read_id}/raw").json()["original"] == "{raw}"
    consensus = client.get(f"{API}/studies/{study_id}/consensus").json()
    assert consensus["consensus"]["findings"][0]["present_by"] == ["one"]
    assert client.get(f"{API}/reads/{by_name['two']['read_id']}/heatmap/1.2.3.png").status_code == 404
    assert client.get(f"{API}/reads/{read_id}/heatmap/9.9.png").status_code == 404
    assert client.get(f"{API}/reads/{read_id}/heatmap/1.2.3.png", params={"frame": 2}).status_code == 404


def test_a_heat_map_is_opaque_where_the_finding_is_and_clear_elsewhere(small_house):
    import cv2
    import numpy as np

    from wetread.domain.finding import Evidence
    from wetread.testing.studies import finding, read

    house, study_id = small_house, small_house.film()
    box = Evidence(file="f", sop_instance_uid="1.2.3", frame=1, box=(0.5, 0.25, 0.75, 0.5), origin="cam")
    house.reported(study_id, read(finding("wr:pneumothorax", "present", 1.0, evidence=(box,))))
    client = house.client()
    read_id = client.get(f"{API}/studies/{study_id}/reads").json()["reads"][0]["read_id"]
    answer = client.get(f"{API}/reads/{read_id}/heatmap/1.2.3.png")
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (512, 256, 4)
    opaque = picture[..., 3] > 0
    assert opaque[128:256, 128:192].all()
    assert opaque.sum() == 128 * 64


@pytest.mark.parametrize("path", ["", "/reads", "/consensus", "/report", "/priors", "/trace", "/audit", "/report.txt"])
def test_an_unknown_study_is_a_404_and_says_so(small_house, path):
    answer = small_house.client().get(f"{API}/studies/{'0' * 32}{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_every_look_at_a_study_is_in_the_audit(small_house):
    house, study_id = small_house, small_house.film()
    house.reported(study_id)
    client = house.client()
    paths = ("", "/reads", "/consensus", "/report", "/priors", "/trace", "/report.html")
    for path in paths:
        assert client.get(f"{API}/studies/{study_id}{path}").status_code == 200
    seen = [what for action, what in actions(house) if action in {"study_view", "export"}]
    assert seen.count(f"study/{study_id}") == len(paths)


def test_nothing_is_shown_that_the_audit_could_not_keep(small_house, monkeypatch):
    from wetread.errors import StoreUnavailable
    from wetread.store import audit as chain

    house, study_id = small_house, small_house.film()
    client = house.client()

    def gone(*_, **__):
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(chain, "append_in", gone)
    answer = client.get(f"{API}/studies/{study_id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Doe" not in answer.text


def test_a_changed_row_has_another_etag(small_house):
    house, study_id = small_house, small_house.film()
    with house.database.read() as connection:
        etag = connection.execute(select(studies.c.etag).where(studies.c.study_id == study_id)).scalar_one()
    client = house.client()
    assert client.get(f"{API}/studies/{study_id}").headers["ETag"] == f'"{etag}"'
    client.patch(f"{API}/studies/{study_id}", json={"assignee": "eve"})
    assert client.get(f"{API}/studies/{study_id}").headers["ETag"] == f'"{etag + 1}"'


def test_the_list_leaves_compressed_for_who_takes_that_and_plain_for_who_does_not(small_house):
    house = small_house
    for number in range(20):
        house.reported(house.film(number))
    client = house.client()
    squeezed = client.get(f"{API}/worklist", headers={"Accept-Encoding": "gzip"})
    plain = client.get(f"{API}/worklist", headers={"Accept-Encoding": "identity"})
    assert (squeezed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert [row["study_id"] for row in squeezed.json()["rows"]] == [row["study_id"] for row in plain.json()["rows"]]
    assert int(squeezed.headers["content-length"]) < len(plain.content) / 4
    assert squeezed.headers["x-content-type-options"] == "nosniff"
    session = client.get(f"{API}/me", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in session.headers
