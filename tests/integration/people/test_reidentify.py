"""Who a pseudonym stands for: who is told, who is not, and what the audit says of both."""

import io
import logging

import pytest
import typer
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from wetread.cli.reidentify import reidentify as verb
from wetread.domain.people import Role
from wetread.errors import Conflict, Forbidden, InputError, NotFound
from wetread.settings import Settings
from wetread.store.audit import verify
from wetread.store.audit_search import AuditFilters, audit_page
from wetread.store.people import add_user
from wetread.store.tokens import add_token
from wetread.wiring.service import open_service

pytest.importorskip("cryptography", reason="the crosswalk needs the extra interop")
pytestmark = pytest.mark.usefixtures("quick_hashes")

ROUTE = "/api/v1/reidentify"
KEY = "5a" * 32
REASON = "incidental mass, the referrer must call the patient"
ORIGINAL, PSEUDONYM = "Mustermann^Erika", "Anon^7KQ2"
SECRETS = (ORIGINAL, "Mustermann", "Erika", "00482913")


@pytest.fixture
def deidentify(tmp_path):
    """The settings of a house with a crosswalk."""
    from wetread.privacy.deidentify.crosswalk import Crosswalk

    key, crosswalk = tmp_path / "key", tmp_path / "crosswalk"
    key.write_text(KEY)
    key.chmod(0o600)
    with Crosswalk.open(crosswalk, bytes.fromhex(KEY)) as opened:
        opened.note("name", ORIGINAL, PSEUDONYM)
        opened.note("patient_id", "00482913", "P7KQ2")
    return {"key_file": key, "crosswalk_file": crosswalk}


@pytest.fixture
def service(tmp_path, deidentify):
    opened = open_service(Settings(service={"deidentify": deidentify}), tmp_path / "house")
    yield opened
    opened.close()


@pytest.fixture
def app(service):
    from wetread.server.app import create_app
    from wetread.server.reidentify import router

    made = create_app(service)
    if not any(getattr(route, "path", "") == ROUTE for route in made.routes):
        made.include_router(router, prefix="/api/v1")
    return made


@pytest.fixture
def person(app, service):
    """A browser of a person with these roles, logged in."""

    def made(*roles, login="someone"):
        password = f"{login}'s long password"
        add_user(service.database, login=login, roles=roles, password=password, now=service.now())
        browser = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
        answer = browser.post("/api/v1/login", json={"login": login, "password": password})
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser

    return made


def ask(browser, pseudonym=PSEUDONYM, reason=REASON):
    return browser.post(ROUTE, json={"pseudonym": pseudonym, "reason": reason})


def lines(service, action="reidentify"):
    return [line for line in audit_page(service.database, AuditFilters())[0] if line.action == action]


def test_a_radiologist_with_a_reason_is_told_and_the_audit_holds_both(person, service):
    answer = ask(person(Role.RADIOLOGIST))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"pseudonym": PSEUDONYM, "originals": [{"kind": "name", "original": ORIGINAL}]}
    assert answer.headers["Cache-Control"] == "no-store"
    (line,) = lines(service)
    assert (line.actor, line.outcome, line.object) == ("someone", "success", f"pseudonym/{PSEUDONYM}")
    assert line.data["reason"] == REASON
    assert not any(secret in str(line) for secret in SECRETS)
    assert verify(service.database).whole


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.RADIOLOGIST, Role.SERVICE)])
def test_no_other_role_is_told(role, person, service):
    answer = ask(person(role))
    assert answer.status_code == 403
    assert ORIGINAL not in answer.text
    assert len(lines(service, "access_refused")) == 1


@pytest.mark.parametrize("role", Role)
def test_no_token_is_told_whatever_its_role(role, app, service):
    token, _ = add_token(service.database, role=role, by="test", now=service.now())
    program = TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {token}"})
    answer = ask(program)
    assert answer.status_code == 403
    assert ORIGINAL not in answer.text
    told = lines(service) + lines(service, "access_refused")
    assert [line.outcome for line in told] == ["refused"]


def test_a_stranger_is_asked_who_they_are(app):
    assert ask(TestClient(app, base_url="http://localhost")).status_code == 401


@pytest.mark.parametrize(("reason", "status"), [("", 422), ("   \n ", 400), ("because", 400), ("x" * 501, 422)])
def test_without_a_reason_nobody_is_told(reason, status, person, service):
    answer = ask(person(Role.RADIOLOGIST), reason=reason)
    assert answer.status_code == status
    assert ORIGINAL not in answer.text
    assert all(line.outcome == "refused" for line in lines(service))


def test_a_reason_that_names_the_patient_is_not_kept(person, service):
    answer = ask(person(Role.RADIOLOGIST), reason="must call Erika Mustermann today")
    assert answer.status_code == 400
    (line,) = lines(service)
    assert line.outcome == "refused"
    assert not any(secret in str(line) for secret in SECRETS)


def test_an_unknown_pseudonym_is_not_written_down_since_it_may_be_a_name(person, service):
    answer = ask(person(Role.RADIOLOGIST), pseudonym="Mustermann")
    assert answer.status_code == 404
    (line,) = lines(service)
    assert line.outcome == "failed"
    assert not any(secret in str(line) for secret in SECRETS)


def test_who_asks_too_often_waits(person, service):
    browser = person(Role.RADIOLOGIST)
    answers = [ask(browser, pseudonym="P7KQ2").status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2
    assert [line.outcome for line in lines(service)].count("refused") == 2
    assert verify(service.database).whole


def test_nobody_is_told_what_the_audit_can_not_hold(person, service, monkeypatch):
    from wetread.errors import StoreUnavailable
    from wetread.store import audit

    browser = person(Role.RADIOLOGIST)

    def fail(*_, **__):
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(audit, "append_in", fail)
    answer = ask(browser)
    assert answer.status_code == 503
    assert ORIGINAL not in answer.text


def test_nothing_identifying_is_logged(person, caplog):
    caplog.set_level(logging.DEBUG)
    browser = person(Role.RADIOLOGIST)
    ask(browser)
    ask(browser, pseudonym="Mustermann")
    ask(browser, reason="must call Erika Mustermann today")
    assert not any(secret in caplog.text for secret in (*SECRETS, PSEUDONYM))


@pytest.mark.parametrize("amiss", ["another key", "no file"])
def test_a_crosswalk_that_can_not_be_used_is_a_conflict_and_in_the_audit(amiss, person, service, deidentify):
    if amiss == "another key":
        deidentify["key_file"].write_text("ab" * 32)
    else:
        deidentify["crosswalk_file"].unlink()
    answer = ask(person(Role.RADIOLOGIST))
    assert answer.status_code == 409
    assert "ab" * 32 not in answer.text
    assert [line.outcome for line in lines(service)] == ["refused"]


def run(service, *words, password="someone's long password", login="someone", reason=REASON):
    app = typer.Typer()
    app.command()(verb)
    words = [*words, "--as", login, "--reason", reason, "--password-stdin", "--data", str(service.data_dir)]
    return CliRunner().invoke(app, words, input=f"{password}\n", catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def site(service, deidentify, monkeypatch):
    """The command line reads the same settings."""
    monkeypatch.setenv("WETREAD_SERVICE__DEIDENTIFY__KEY_FILE", str(deidentify["key_file"]))
    monkeypatch.setenv("WETREAD_SERVICE__DEIDENTIFY__CROSSWALK_FILE", str(deidentify["crosswalk_file"]))
    add_user(
        service.database,
        login="someone",
        roles=[Role.RADIOLOGIST],
        password="someone's long password",
        now=service.now(),
    )
    return service


def test_the_command_prints_the_original_and_writes_the_audit(site):
    answer = run(site, PSEUDONYM)
    assert answer.stdout == f"name\t{ORIGINAL}\n"
    (line,) = lines(site)
    assert (line.actor, line.outcome, line.data["reason"]) == ("someone", "success", REASON)
    assert line.data["at"].startswith("console:")
    assert verify(site.database).whole


def test_the_command_wants_the_right_password_and_locks_after_some(site):
    for _ in range(5):
        with pytest.raises(Forbidden, match="wrong"):
            run(site, PSEUDONYM, password="not the password")
    with pytest.raises(Forbidden, match="locked"):
        run(site, PSEUDONYM)
    assert lines(site) == []
    assert len(lines(site, "login_refused")) == 6
    assert verify(site.database).whole


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RADIOLOGIST])
def test_the_command_tells_no_other_role(role, site):
    password = "other's long password"
    add_user(site.database, login="other", roles=[role], password=password, now=site.now())
    with pytest.raises(Forbidden, match="may not ask"):
        run(site, PSEUDONYM, login="other", password=password)
    assert [line.outcome for line in lines(site)] == ["refused"]


def test_the_command_says_what_is_amiss(site, monkeypatch):
    with pytest.raises(NotFound):
        run(site, "Anon^0000")
    with pytest.raises(InputError, match="reason"):
        run(site, PSEUDONYM, reason=" ")
    monkeypatch.delenv("WETREAD_SERVICE__DEIDENTIFY__KEY_FILE")
    with pytest.raises(Conflict, match="keeps no crosswalk"):
        run(site, PSEUDONYM)


def test_the_command_does_not_ask_without_a_terminal(site, monkeypatch):
    app = typer.Typer()
    app.command()(verb)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    words = [PSEUDONYM, "--as", "someone", "--reason", REASON, "--data", str(site.data_dir)]
    with pytest.raises(InputError, match="without a terminal"):
        CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
