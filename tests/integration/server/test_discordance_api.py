"""From a signature to the adjudicator's queue and the figures, through the API and the store."""

import hashlib
from datetime import UTC, timedelta

import pytest
from api_house import House
from sqlalchemy import select, update
from typer.testing import CliRunner

from wetread.domain.people import Role
from wetread.server.clinical import vocabulary_of
from wetread.store.tables import adjudications, comparisons, reports, series, studies
from wetread.testing.studies import finding, read
from wetread.wiring import differing

API = "/api/v1"
AIR, HEART, WATER = "wr:pneumothorax", "wr:cardiomegaly", "wr:pleural-effusion"
HEADER = {"00080070": {"vr": "LO", "Value": ["ACME"]}, "00081010": {"vr": "SH", "Value": ["ROOM 1"]}}


def decide(client, finding_id, decision="accept", **told):
    body = {"decision": decision, **({"told": told} if told else {})}
    answer = client.post(f"{API}/findings/{finding_id}/decisions", json=body)
    assert answer.status_code == 201, answer.text


def sign(client, study_id, text="As told."):
    shown = client.get(f"{API}/studies/{study_id}/report").json()
    answer = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": shown["report_id"], "text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()["report_id"]


def signed(house, client, number=1, *, reject=(), add=(), answers=(), text="As told."):
    """A film that came, was reported and signed; what is not rejected is accepted."""
    study_id = house.film(number)
    house.reported(study_id, *answers)
    shown = client.get(f"{API}/studies/{study_id}/report").json()
    codes = {one["finding_id"]: one["finding"]["code"] for one in shown["findings"]}
    for finding_id in shown["undecided"]:
        decide(client, finding_id, "reject" if codes[finding_id] in reject else "accept")
    for code in add:
        assert client.post(f"{API}/studies/{study_id}/findings", json={"code": code}).status_code == 201
    return study_id, sign(client, study_id, text)


def rows(house, table):
    with house.database.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def queue(client, **asked):
    answer = client.get(f"{API}/adjudications", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def settle(client, number, verdict="ai_right", reason="seen on the prior film"):
    return client.post(f"{API}/adjudications/{number}", json={"verdict": verdict, "reason": reason})


def figures(client, **asked):
    answer = client.get(f"{API}/discordance", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_differs_waits_for_an_adjudicator_with_the_critical_first(house):
    client = house.person()
    _, first = signed(house, client, 1, reject=(HEART,), add=(WATER,))
    house.clock.turn(seconds=60)
    study_id, second = signed(house, client, 2, reject=(AIR,))
    told = queue(client)
    shown = [(row["report_id"], row["code"], row["kind"], row["ai"], row["human"]) for row in told["rows"]]
    assert shown[0] == (second, AIR, "overcalled", "present", "absent")  # the most urgent, though it came last
    assert shown[1:] == [(first, WATER, "missed", "absent", "present")]  # AI was only uncertain of the heart
    one = told["rows"][0]
    assert (one["readers"], one["study_id"], one["signed_by_me"]) == (["panel", "one"], study_id, True)
    assert (told["total"], told["next"], told["waiting"]) == (2, None, {"open": 2, "settled": 0, "void": 0})
    categories = [row["category"] for row in told["rows"]]
    assert categories == sorted(categories)


def test_one_verdict_settles_the_question_for_every_reader_once(house):
    signer, other = house.person("eve"), house.person("adam")
    study_id, _ = signed(house, signer, reject=(AIR,))
    (row,) = queue(other)["rows"]
    answer = settle(other, row["adjudication_id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["by_signer"] is False
    assert queue(other)["rows"] == []
    (done,) = queue(other, state="settled")["rows"]
    assert (done["verdict"], done["by"], done["reason"]) == ("ai_right", "adam", "seen on the prior film")
    assert {one["state"] for one in rows(house, adjudications)} == {"settled"}
    again = settle(signer, row["adjudication_id"], "human_right")
    assert (again.status_code, "settled by adam" in again.json()["detail"]) == (409, True)
    lines = signer.get(f"{API}/studies/{study_id}/audit").json()["lines"]
    (line,) = [one for one in lines if one["action"] == "adjudicate"]
    assert (line["actor"], line["data"]["verdict"], line["data"]["code"]) == ("adam", "ai_right", AIR)
    assert "prior film" not in str(line)
    told = figures(other)["totals"]
    assert (told["adjudicated"]["ai_right"], told["adjudicated"]["by_signer"]) == (1, 0)
    assert {(one["reader"], one["told_both"], one["overcalled"]) for one in told["readers"]} == {
        ("panel", 1, 0),
        ("one", 1, 0),
    }


def test_who_signed_may_adjudicate_and_is_marked(small_house):
    client = small_house.person()
    signed(small_house, client, reject=(AIR,))
    (row,) = queue(client)["rows"]
    assert settle(client, row["adjudication_id"]).json()["by_signer"] is True
    assert queue(client, state="settled")["rows"][0]["by_signer"] is True
    assert figures(client)["totals"]["adjudicated"] == {
        "ai_right": 1,
        "human_right": 0,
        "both_right": 0,
        "both_wrong": 0,
        "undecidable": 0,
        "by_signer": 1,
    }


def test_chance_asks_about_agreements_after_the_differences_and_only_what_fits_answers_them(database, tmp_path):
    house = House(database, tmp_path, service={"agreed_share": 1.0})
    client = house.person()
    _, first = signed(house, client, 1)
    house.clock.turn(seconds=60)
    _, second = signed(house, client, 2, reject=(AIR,))
    told = queue(client)["rows"]
    shown = [(row["report_id"], row["code"], row["kind"], row["ai"], row["human"], row["readers"]) for row in told]
    assert shown == [
        (second, AIR, "overcalled", "present", "absent", ["panel", "one"]),
        (first, AIR, "agreed", "present", "present", ["panel"]),
        (first, WATER, "agreed", "absent", "absent", ["panel"]),
        (second, WATER, "agreed", "absent", "absent", ["panel"]),
    ]
    differs, air, water, _ = (row["adjudication_id"] for row in told)
    for number, verdict in ((differs, "both_wrong"), (air, "ai_right"), (water, "human_right")):
        answer = settle(client, number, verdict)
        assert (answer.status_code, "answer one of" in answer.json()["detail"]) == (422, True)
    assert queue(client)["total"] == 4
    assert settle(client, air, "both_wrong").status_code == 200
    assert settle(client, water, "both_right").status_code == 200
    assert queue(client)["waiting"] == {"open": 2, "settled": 2, "void": 0}
    answered = figures(client)
    settled = answered["totals"]["adjudicated"]
    assert (settled["both_wrong"], settled["both_right"], settled["ai_right"]) == (1, 1, 0)
    (arm,) = answered["bias"]["arms"]
    assert (arm["both_overcalled"]["hits"], arm["both_overcalled"]["n"]) == (1, 1)
    assert (arm["both_missed"]["hits"], arm["both_missed"]["n"]) == (0, 1)


def test_a_token_never_adjudicates_and_a_strange_number_is_not_found(small_house):
    token, person = small_house.client(), small_house.person()
    signed(small_house, person, reject=(AIR,))
    (row,) = queue(person)["rows"]
    assert settle(token, row["adjudication_id"]).status_code == 403
    assert settle(person, 9999).status_code == 404
    for wrong in ({"verdict": "both", "reason": "x"}, {"verdict": "ai_right", "reason": "  "}, {"verdict": "ai_right"}):
        assert person.post(f"{API}/adjudications/{row['adjudication_id']}", json=wrong).status_code == 422
    assert queue(person)["total"] == 1


def test_a_withdrawn_report_leaves_nothing_to_adjudicate_and_no_figure(house):
    client = house.person()
    study_id, report_id = signed(house, client, reject=(AIR,))
    (row,) = queue(client)["rows"]
    gone = client.post(
        f"{API}/studies/{study_id}/report/withdraw", json={"report_id": report_id, "reason": "wrong patient"}
    )
    assert gone.status_code == 200, gone.text
    assert queue(client)["waiting"] == {"open": 0, "settled": 0, "void": 1}
    assert settle(client, row["adjudication_id"]).status_code == 409
    totals = figures(client)["totals"]
    assert (totals["signed"], totals["withdrawn"], totals["readers"]) == (0, 1, [])


def test_a_preliminary_report_that_is_withdrawn_leaves_the_earlier_signature_alone(small_house):
    client = small_house.person()
    study_id, _ = signed(small_house, client, reject=(AIR,))
    small_house.film(1, late=True)
    late = small_house.reported(study_id)
    taken = client.post(f"{API}/studies/{study_id}/report/withdraw", json={"report_id": late, "reason": "too early"})
    assert taken.status_code == 200, taken.text
    assert queue(client)["total"] == 1


def test_an_addendum_changes_no_comparison(small_house):
    client = small_house.person()
    study_id, report_id = signed(small_house, client, reject=(AIR,))
    before = rows(small_house, comparisons)
    assert client.post(f"{API}/studies/{study_id}/report/addenda", json={"text": "Seen by Dr. B."}).status_code == 201
    assert rows(small_house, comparisons) == before
    assert queue(client)["rows"][0]["report_id"] == report_id


def test_signed_anew_the_earlier_questions_are_void_and_the_new_ones_wait(small_house):
    client = small_house.person()
    study_id, first = signed(small_house, client, reject=(AIR,))
    small_house.clock.turn(seconds=60)
    small_house.film(1, late=True)
    small_house.reported(study_id)
    shown = client.get(f"{API}/studies/{study_id}/report").json()
    for finding_id in shown["undecided"]:
        decide(client, finding_id)
    second = sign(client, study_id)
    states = {row["report_id"]: row["state"] for row in rows(small_house, comparisons)}
    assert states == {first: "replaced", second: "stands"}
    assert queue(client)["waiting"] == {"open": 0, "settled": 0, "void": 1}
    assert figures(client)["totals"]["signed"] == 1


def test_keeping_a_signature_twice_changes_nothing(small_house):
    house, client = small_house, small_house.person()
    study_id, report_id = signed(house, client, reject=(AIR,))
    before = rows(house, comparisons), rows(house, adjudications)
    with house.database.write() as connection:
        row = connection.execute(select(studies).where(studies.c.study_id == study_id)).mappings().one()
        final = differing.report_of(connection, report_id).report
        differing.note_signature(connection, row, final, differing.Asking(terms={}, agreed_share=1.0), now=house.now)
    assert (rows(house, comparisons), rows(house, adjudications)) == before


def test_a_signature_that_fails_leaves_no_comparison(small_house, monkeypatch):
    house, client = small_house, small_house.person()
    study_id = house.film()
    report_id = house.reported(study_id)
    answer = client.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report_id})
    assert answer.status_code == 409  # undecided
    assert rows(house, comparisons) == rows(house, adjudications) == []


def test_figures_by_reader_week_scanner_and_patient_come_out_as_counted_by_hand(small_house):
    house, client = small_house, small_house.person()
    for number in range(12):
        signed(house, client, number, reject=(AIR,) if number < 3 else ())
    with house.database.write() as connection:  # the headers that intake would have kept
        connection.execute(update(series).values(header=HEADER))
    house.clock.turn(days=7)
    client = house.person("adam")
    for number in range(12, 24):
        study_id = house.film(number)
        with house.database.write() as connection:
            connection.execute(update(series).where(series.c.study_id == study_id).values(header=HEADER))
        signed(house, client, number)
    told = figures(client, reader="panel", until=(house.now + timedelta(seconds=1)).isoformat())
    (whole,) = told["totals"]["readers"]
    # present: pneumothorax (3 rejected of 24) ; uncertain: heart, accepted as uncertain; absent: effusion
    assert (whole["told_both"], whole["overcalled"], whole["neither"], whole["unsure"]) == (21, 3, 24, 24)
    assert (whole["ppv"]["hits"], whole["ppv"]["n"], whole["ppv"]["value"]) == (21, 24, 21 / 24)
    assert 0 < whole["ppv"]["low"] < whole["ppv"]["value"] < whole["ppv"]["high"] < 1
    assert [week["studies"] for week in told["weeks"]] == [12, 12]
    groups = {(x["by"], x["group"]): x for x in told["by_group"]}
    assert groups["manufacturer", "ACME"]["studies"] == 12  # what the header said at the signature
    assert groups["manufacturer", "(not stated)"]["overcalled"] == 3
    assert groups["station", "ROOM 1"]["ppv"]["value"] == 1
    assert groups["finding", AIR]["label"] == "pneumothorax"
    assert told["decisions"]["accept"]["hits"] == 45
    assert (told["decisions"]["reject"]["hits"], told["decisions"]["decided"]) == (3, 48)
    narrowed = figures(client, by="station", group="ROOM 1")
    assert narrowed["totals"]["signed"] == 12
    assert figures(client, since=(house.now - timedelta(days=1)).isoformat())["totals"]["signed"] == 12


def test_a_verdict_moves_the_figures(small_house):
    client = small_house.person()
    for number in range(10):
        signed(small_house, client, number, reject=(AIR,))
    before = figures(client, code=AIR)["totals"]["readers"][0]
    settle(client, queue(client)["rows"][0]["adjudication_id"], "ai_right")
    after = figures(client, code=AIR)["totals"]["readers"][0]
    assert (before["told_both"], before["overcalled"]) == (0, 10)
    assert (after["told_both"], after["overcalled"]) == (1, 9)


def test_the_period_is_bounded_and_a_group_is_whole(small_house):
    client = small_house.person()
    for wrong in (
        {"since": "2020-01-01T00:00:00Z"},
        {"since": "2030-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"by": "model"},
        {"by": "patient_id", "group": "P1"},
        {"since": "2026-01-01"},
        {"reader": "x" * 200},
    ):
        answer = client.get(f"{API}/discordance", params=wrong)
        assert answer.status_code in {400, 422}, (wrong, answer.text)
    assert client.get(f"{API}/adjudications", params={"state": "all"}).status_code == 422


def test_an_operator_sees_figures_and_no_question_of_a_study(small_house):
    operator = small_house.client(Role.OPERATOR)
    signed(small_house, small_house.person(), reject=(AIR,))
    answer = operator.get(f"{API}/discordance")
    assert answer.status_code == 200
    assert "Doe" not in answer.text
    assert operator.get(f"{API}/adjudications").status_code == 403


def blind(house, study_id, arm=True):
    with house.database.write() as connection:
        connection.execute(update(studies).where(studies.c.study_id == study_id).values(blinded=arm))


def show_ai(client, study_id, words):
    answer = client.post(f"{API}/studies/{study_id}/ai-shown", json={"own_impression": words})
    assert answer.status_code == 204, answer.text


def read_first(house, client, number, *, own, text):
    """A study of the blinded arm: a finding and words of one's own, then AI's answer, then the signature: 90 s."""
    study_id = house.film(number)
    blind(house, study_id)
    house.reported(study_id)
    assert client.get(f"{API}/studies/{study_id}").json()["blinded"] is True
    client.get(f"{API}/studies/{study_id}/report")
    house.clock.turn(seconds=40)
    client.post(f"{API}/studies/{study_id}/findings", json={"code": WATER})
    house.clock.turn(seconds=10)
    show_ai(client, study_id, own)
    house.clock.turn(seconds=40)
    for finding_id in client.get(f"{API}/studies/{study_id}/report").json()["undecided"]:
        decide(client, finding_id)
    return study_id, sign(client, study_id, text)


def test_the_blinded_arm_is_told_apart_with_its_time_words_and_own_findings(small_house):
    house, client = small_house, small_house.person()
    for number in range(10):
        read_first(house, client, number, own="Effusion.", text="Effusion." if number < 4 else "Pneumothorax.")
    for number in range(10, 20):
        study_id, _ = signed(house, client, number, reject=(AIR,) if number < 12 else ())
        assert client.get(f"{API}/studies/{study_id}").json()["blinded"] is False
    arms = {arm["arm"]: arm for arm in figures(client)["bias"]["arms"]}
    blinded, rest = arms["blinded"], arms["undrawn"]
    assert (blinded["studies"], blinded["shown"]["value"], rest["shown"]["value"]) == (10, 1, 0)
    assert (blinded["words_changed"]["hits"], blinded["words_changed"]["n"]) == (6, 10)
    assert rest["words_changed"]["n"] == 0
    assert (blinded["own_first"]["hits"], blinded["own_first"]["n"]) == (10, 10)
    assert (blinded["kept"]["hits"], rest["kept"]["hits"], rest["kept"]["n"]) == (10, 8, 10)
    assert (blinded["added"]["hits"], rest["added"]["hits"]) == (10, 0)
    assert blinded["seconds"]["value"] == 90


def test_another_persons_look_is_not_the_signers(small_house):
    house = small_house
    signer, other = house.person("eve"), house.person("adam")
    study_id = house.film()
    house.reported(study_id)
    other.get(f"{API}/studies/{study_id}")
    show_ai(other, study_id, "mine")
    house.clock.turn(seconds=300)
    for finding_id in signer.get(f"{API}/studies/{study_id}/report").json()["undecided"]:
        decide(signer, finding_id)
    house.clock.turn(seconds=20)
    sign(signer, study_id)
    (row,) = rows(house, comparisons)
    told = differing.from_record(differing.Comparison, row["body"])
    assert (told.sitting.seconds, told.sitting.ai_shown, told.sitting.words_changed) == (20, False, None)


def test_a_study_signed_without_ai_counts_as_signed_alone(small_house):
    house, client = small_house, small_house.person()
    study_id = house.film()
    house.turn(study_id, "held")
    sign(client, study_id, "Normal.")
    totals = figures(client)["totals"]
    assert (totals["signed"], totals["with_ai"], queue(client)["total"]) == (1, 0, 0)


def test_pages_of_the_queue_hold_each_question_once(small_house):
    house, client = small_house, small_house.person()
    _, report_id = signed(house, client)
    with house.database.write() as connection:
        study_id = connection.scalar(select(reports.c.study_id).where(reports.c.report_id == report_id))
        for number in range(205):
            for reader in ("panel", "one", "two"):
                row = {"study_id": study_id, "report_id": report_id, "reader": reader, "code": f"wr:code-{number}"}
                more = {"kind": "missed", "ai": "absent", "human": "present", "state": "open", "at": house.now}
                connection.execute(adjudications.insert().values(**row, **more))
    seen, offset = [], 0
    while offset is not None:
        page = queue(client, offset=offset)
        seen += [row["code"] for row in page["rows"]]
        offset = page["next"]
    assert (len(seen), len(set(seen)), page["total"]) == (205, 205, 205)
    assert queue(client, offset=204)["rows"][0]["readers"] == ["panel", "one", "two"]


def test_several_readers_each_stand_in_the_figures(small_house):
    client = small_house.person()
    answers = (read(finding(AIR, "present"), name="a"), read(finding(AIR, "absent"), name="b"))
    for number in range(10):
        signed(small_house, client, number, answers=answers, reject=(AIR,))
    told = {one["reader"]: one for one in figures(client)["totals"]["readers"]}
    assert (told["a"]["overcalled"], told["b"]["overcalled"], told["b"]["neither"]) == (10, 0, 10)
    versions = {(x["reader"], x["group"]) for x in figures(client)["by_group"] if x["by"] == "version"}
    assert versions == {("a", "fingerprint-a"), ("b", "fingerprint-b")}


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_command_prints_the_same_figures(small_house, output):
    from wetread.cli import app

    house, client = small_house, small_house.person()
    for number in range(11):
        signed(house, client, number, reject=(AIR,) if number < 2 else ())
    day = house.now.astimezone(UTC).date()
    days = ["--since", f"{day}", "--until", f"{day + timedelta(days=1)}"]
    url = f"sqlite:///{house.database.url.database}"
    folder = str(house.settings.data_dir)
    told = CliRunner().invoke(app, ["discordance", "--data", folder, "--database", url, *days, "--format", output])
    assert told.exit_code == 0, told.output
    if output == "json":
        assert '"told_both":9' in told.output
    else:
        assert "0.818 [0.523, 0.949] n 11" in told.output
        assert "pneumothorax  (panel)" in told.output
    assert "Doe" not in told.output
    assert hashlib.sha256(b"Effusion.").hexdigest() not in told.output


def test_what_was_signed_before_comparisons_were_kept_is_caught_up_with_once(house):
    client = house.person()
    standing, _ = signed(house, client, 1, reject=(AIR,))
    gone, report_id = signed(house, client, 2, reject=(AIR,))
    house.clock.turn(seconds=60)
    why = {"report_id": report_id, "reason": "wrong patient"}
    assert client.post(f"{API}/studies/{gone}/report/withdraw", json=why).status_code == 200
    anew, _ = signed(house, client, 3, reject=(AIR,))
    house.clock.turn(seconds=60)
    house.film(3, late=True)
    house.reported(anew)
    for finding_id in client.get(f"{API}/studies/{anew}/report").json()["undecided"]:
        decide(client, finding_id)
    sign(client, anew)
    as_kept = [{**one, "adjudication_id": 0} for one in rows(house, adjudications)]
    before = sorted(rows(house, comparisons), key=str)
    with house.database.write() as connection:  # as an older version left the store
        connection.execute(adjudications.delete())
        connection.execute(comparisons.delete())
    terms, end = vocabulary_of(house.app.state.ground).terms, house.now + timedelta(seconds=1)
    asking = differing.Asking(terms=terms, agreed_share=0.0)
    assert differing.catch_up(house.database, house.now - timedelta(days=1), end, asking) == 4
    assert sorted(rows(house, comparisons), key=str) == before
    again = [{**one, "adjudication_id": 0} for one in rows(house, adjudications)]
    assert sorted(again, key=str) == sorted(as_kept, key=str)
    assert differing.catch_up(house.database, house.now - timedelta(days=1), end, asking) == 0
    assert [row["study_id"] for row in queue(client)["rows"]] == [standing]


def test_a_period_with_too_many_reports_is_refused(small_house, monkeypatch):
    client = small_house.person()
    monkeypatch.setattr(differing, "MOST", 1)
    signed(small_house, client, 1)
    assert figures(client)["totals"]["signed"] == 1
    signed(small_house, client, 2)
    answer = client.get(f"{API}/discordance")
    assert (answer.status_code, "2 signed reports" in answer.json()["detail"]) == (400, True)
