"""The first account: made once, by whoever can read the service's output, and by nobody else ever after."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from stored_studies import all_taken_in

from wetread.domain.people import Role
from wetread.server.setup import invite
from wetread.store.audit import verify
from wetread.store.audit_search import AuditFilters, audit_page
from wetread.store.people import add_user, users_of
from wetread.store.tables import instances
from wetread.wiring.sources import demo_files

PATH = "/api/v1/setup"
PASSWORD = "wide-awake-at-night"


def wanted(code, **changed):
    return {"code": code, "login": "eve", "name": "Eve E.", "password": PASSWORD, "demo": False, **changed}


def told(house, **filters):
    return audit_page(house.database, AuditFilters(**filters))[0]


def test_the_code_opens_the_house_once_and_logs_its_first_person_in(house):
    browser, code = house.stranger(), invite(house.app)
    assert browser.get(PATH).json()["needed"]
    done = browser.post(PATH, json=wanted(code))
    assert done.status_code == 201, done.text
    assert set(done.json()["roles"]) == {"admin", "operator", "radiologist"}
    assert done.json()["arrival_id"] is None
    assert "HttpOnly" in done.headers["set-cookie"]
    assert browser.get("/api/v1/worklist").status_code == 200, "the session is open"
    assert browser.get(PATH).json()["needed"] is False
    again = house.stranger().post(PATH, json=wanted(code, login="mallory"))
    assert again.status_code == 409
    assert [user.login for user in users_of(house.database)] == ["eve"]
    assert invite(house.app) is None


def test_small_letters_and_missing_dashes_are_no_other_code(small_house):
    code = invite(small_house.app)
    assert small_house.stranger().post(PATH, json=wanted(f" {code.lower().replace('-', ' ')} ")).status_code == 201


def test_of_several_browsers_at_once_one_is_let_in(house):
    code = invite(house.app)
    with ThreadPoolExecutor(4) as crowd:
        asked = crowd.map(lambda n: house.stranger().post(PATH, json=wanted(code, login=f"eve{n}")), range(4))
        statuses = sorted(answer.status_code for answer in asked)
    assert statuses == [201, 409, 409, 409]
    assert len(users_of(house.database)) == 1
    assert [line.action for line in told(house, action="user_create")] == ["user_create"]


def test_a_wrong_code_opens_nothing_and_is_written_down_without_itself(small_house):
    invite(small_house.app)
    answer = small_house.stranger().post(PATH, json=wanted("AAAA-BBBB"))
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert users_of(small_house.database) == []
    (line,) = told(small_house)
    assert (line.action, line.outcome, line.object) == ("access_refused", "refused", "route/api/v1/setup")
    assert "AAAA" not in str(line)


def test_tries_are_few_in_a_minute_whoever_makes_them(small_house):
    code = invite(small_house.app)
    tries = [small_house.stranger().post(PATH, json=wanted("AAAA-BBBB")).status_code for _ in range(12)]
    assert tries == [403] * 10 + [429] * 2
    assert small_house.stranger().post(PATH, json=wanted(code)).status_code == 429, "even with the right one"
    small_house.clock.turn(minutes=1)
    assert small_house.stranger().post(PATH, json=wanted(code)).status_code == 201


def test_a_process_that_told_nobody_a_code_lets_nobody_in(small_house):
    for guess in ("", "-", "None", "AAAA-AAAA"):
        assert small_house.stranger().post(PATH, json=wanted(guess)).status_code == 403


def test_a_process_begun_again_takes_its_own_code_alone(small_house):
    old, new = invite(small_house.app), invite(small_house.app)
    assert old != new
    assert small_house.stranger().post(PATH, json=wanted(old)).status_code == 403
    assert small_house.stranger().post(PATH, json=wanted(new)).status_code == 201


@pytest.mark.parametrize("active", [True, False])
def test_somebody_with_an_account_makes_the_setup_needless_for_ever(small_house, active):
    code = invite(small_house.app)
    add_user(small_house.database, login="ann", roles=[Role.ADMIN], password=PASSWORD, now=small_house.now)
    if not active:
        from sqlalchemy import update

        from wetread.store.tables import users

        with small_house.database.write() as connection:
            connection.execute(update(users).values(active=False))
    assert small_house.stranger().get(PATH).json()["needed"] is False
    assert small_house.stranger().post(PATH, json=wanted(code)).status_code == 409


def test_where_an_identity_provider_says_who_comes_in_there_is_no_setup(database, tmp_path):
    from api_house import House

    oidc = {"issuer": "https://id.example", "client_id": "wetread", "client_secret_env": "OIDC_SECRET"}
    made = House(database, tmp_path, service={"people": {"oidc": oidc}})
    assert invite(made.app) is None
    assert made.stranger().post(PATH, json=wanted("AAAA-BBBB")).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"password": "short"}, 422),
        ({"password": "x" * 2000}, 422),
        ({"login": "eve adams"}, 400),
        ({"login": ""}, 422),
        ({"name": "a\u0000b"}, 422),
        ({"login": "\u0000"}, 422),
        ({"demo": "perhaps"}, 422),
    ],
)
def test_what_can_not_be_used_is_refused_and_the_door_stays_open(small_house, change, status):
    code = invite(small_house.app)
    assert small_house.stranger().post(PATH, json=wanted(code, **change)).status_code == status
    assert users_of(small_house.database) == []
    assert small_house.stranger().post(PATH, json=wanted(code)).status_code == 201


def test_another_sites_page_can_not_set_it_up(small_house):
    code = invite(small_house.app)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert small_house.stranger().post(PATH, json=wanted(code), headers=foreign).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        form = small_house.stranger().post(PATH, content=b'{"code": "x"}', headers={"Content-Type": kind})
        assert form.status_code == 422
    assert users_of(small_house.database) == []


def test_the_example_studies_come_in_as_an_upload_does(small_house):
    code = invite(small_house.app)
    done = small_house.stranger().post(PATH, json=wanted(code, demo=True)).json()
    study_ids = all_taken_in(small_house, done["arrival_id"])
    assert len(study_ids) == len(demo_files())
    with small_house.database.read() as connection:
        assert len(connection.execute(select(instances.c.blob)).all()) == len(demo_files())
    (line,) = told(small_house, action="upload")
    assert (line.actor, line.object) == ("eve", f"arrival/{done['arrival_id']}")


def test_a_full_disk_takes_the_examples_but_not_the_account(small_house, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(small_house.spool.__class__, "open", full)
    done = small_house.stranger().post(PATH, json=wanted(invite(small_house.app), demo=True))
    assert (done.status_code, done.json()["arrival_id"]) == (201, None)
    assert [user.login for user in users_of(small_house.database)] == ["eve"]


def test_the_audit_holds_after_all_of_it_and_knows_no_secret(small_house):
    code = invite(small_house.app)
    small_house.stranger().post(PATH, json=wanted("AAAA-BBBB"))
    small_house.stranger().post(PATH, json=wanted(code, demo=True))
    lines = told(small_house)
    assert [line.action for line in lines] == ["upload", "login", "user_create", "access_refused"]
    assert verify(small_house.database).whole
    assert code not in str(lines)
    assert PASSWORD not in str(lines)
