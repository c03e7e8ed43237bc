"""Studies that came, were read, opened and signed by a person, at moments of the house's clock."""

API = "/api/v1"


def signed_film(house, person, number, *, answers, critical, read_min, study_id=None, patient="P1"):
    """One film from its arrival to its signature; `critical` is what the human says of it. Its study's id."""
    study_id = study_id or house.film(number, patient=patient)
    house.clock.turn(minutes=2)
    house.reported(study_id, *answers)
    house.clock.turn(minutes=3)
    come_back(person)
    assert person.get(f"{API}/studies/{study_id}").status_code == 200
    house.clock.turn(minutes=read_min)
    sign(person, study_id, present=("wr:tension-pneumothorax",) if critical else ())
    return study_id


def come_back(person, login="eve"):
    """The person logs in anew: sessions end while nobody works."""
    answer = person.post(f"{API}/login", json={"login": login, "password": f"{login}'s long password"})
    assert answer.status_code == 200, answer.text
    person.headers["X-CSRF-Token"] = answer.json()["csrf"]


def sign(person, study_id, *, present, text="As told."):
    """The human accepts what is present, rejects what is not, adds what nobody said, and signs."""
    report = person.get(f"{API}/studies/{study_id}/report").json()
    told = {one["finding_id"]: one["finding"]["code"] for one in report["findings"]}
    for finding_id in report["undecided"]:
        decision = "accept" if told[finding_id] in present else "reject"
        made = person.post(f"{API}/findings/{finding_id}/decisions", json={"decision": decision})
        assert made.status_code == 201, made.text
    for code in present:
        if code not in told.values():
            added = person.post(f"{API}/studies/{study_id}/findings", json={"code": code, "evidence": []})
            assert added.status_code == 201, added.text
    signed = person.post(f"{API}/studies/{study_id}/report/sign", json={"report_id": report["report_id"], "text": text})
    assert signed.status_code == 200, signed.text
