"""`wetread token`, `wetread user`, `wetread audit`: what is printed, what is kept, and how they leave."""

import json
import stat
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from databases import both
from wetread.cli import audit, token, user
from wetread.domain.people import Role
from wetread.errors import ConfigurationError, Conflict, InputError, NotFound
from wetread.settings import Settings
from wetread.settings.service import PeopleSettings
from wetread.store.audit import verify
from wetread.store.people import sign_in
from wetread.store.tokens import holder_of_token
from wetread.wiring.service import open_service

pytestmark = pytest.mark.usefixtures("quick_hashes")
NOW = datetime.now(UTC)
PASSWORD = "a long enough password"


def run(verb, *words, data, typed=None):
    """A verb's outcome; what it raises is raised here."""
    words = [*words, "--data", str(data)]
    return CliRunner().invoke(verb.app, words, input=typed, catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "house"


@pytest.fixture
def store(data):
    opened = []

    def look():
        opened.append(open_service(Settings(), data))
        return opened[-1].database

    yield look
    for service in opened:
        service.close()


def test_a_token_stands_alone_on_stdout_before_the_service_ever_ran(data, store):
    answer = run(token, "create", "--role", "service", "--label", "PACS", data=data)
    assert answer.stdout.startswith("wr_")
    assert answer.stdout.count("\n") == 1
    caller = holder_of_token(store(), answer.stdout.strip(), now=NOW)
    assert (caller.roles, caller.name) == ({Role.SERVICE}, "token:PACS")


def test_the_data_folder_is_for_its_owner_alone(data):
    run(token, "create", "--role", "service", data=data)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@both
def test_a_token_is_made_in_the_database_that_is_named(data, databases, kind):
    url = databases(kind, empty=True)
    answer = run(token, "create", "--role", "admin", "--database", url, data=data)
    service = open_service(Settings(), data, url)
    assert holder_of_token(service.database, answer.stdout.strip(), now=NOW)
    assert not (data / "wetread.sqlite").exists()
    service.close()


def test_tokens_are_listed_without_themselves_and_revoked_by_id(data, store):
    made = run(token, "create", "--role", "service", "--label", "PACS", "--days", "3", data=data).stdout.strip()
    listed = run(token, "list", data=data).stdout
    assert made not in listed
    assert "PACS" in listed
    assert " good " in listed
    token_id = listed.splitlines()[1].split()[0]
    run(token, "revoke", token_id, data=data)
    assert holder_of_token(store(), made, now=NOW) is None
    assert " revoked " in run(token, "list", data=data).stdout


def test_a_role_that_is_none_and_a_token_that_is_none_are_refused(data):
    answer = CliRunner().invoke(token.app, ["create", "--role", "king", "--data", str(data)])
    assert answer.exit_code == 2
    with pytest.raises(NotFound, match="token list"):
        run(token, "revoke", "nothing", data=data)


def test_a_person_is_added_with_a_password_from_stdin(data, store):
    words = ("add", "ann", "--role", "radiologist", "--role", "auditor", "--password-stdin")
    answer = run(user, *words, data=data, typed=f"{PASSWORD}\nnot this\n")
    assert answer.stdout == ""
    found = sign_in(store(), login="ann", password=PASSWORD, rules=PeopleSettings(), now=NOW)
    assert found.roles == {Role.RADIOLOGIST, Role.AUDITOR}


def test_a_password_is_never_taken_from_the_command_line(data):
    answer = CliRunner().invoke(
        user.app, ["add", "ann", "--role", "admin", "--password", PASSWORD, "--data", str(data)]
    )
    assert answer.exit_code == 2
    with pytest.raises(InputError, match="password-stdin"):
        run(user, "add", "ann", "--role", "admin", data=data)


def test_a_short_password_is_refused(data):
    with pytest.raises(InputError, match="12 to"):
        run(user, "add", "ann", "--role", "admin", "--password-stdin", data=data, typed="short\n")


def test_a_person_is_listed_disabled_enabled_given_roles_and_a_password(data, store):
    run(user, "add", "root", "--role", "admin", "--password-stdin", data=data, typed=PASSWORD)
    run(user, "add", "ann", "--role", "radiologist", "--password-stdin", data=data, typed=PASSWORD)
    run(user, "disable", "ann", data=data)
    assert "disabled" in run(user, "list", data=data).stdout
    run(user, "enable", "ANN", data=data)
    run(user, "roles", "ann", "--role", "operator", data=data)
    run(user, "password", "ann", "--password-stdin", data=data, typed="another long password")
    found = sign_in(store(), login="ann", password="another long password", rules=PeopleSettings(), now=NOW)
    assert found.roles == {Role.OPERATOR}
    with pytest.raises(Conflict, match="last administrator"):
        run(user, "disable", "root", data=data)
    with pytest.raises(NotFound):
        run(user, "disable", "nobody", data=data)


def test_everything_done_at_the_console_is_in_the_audit_without_secrets(data, store):
    made = run(token, "create", "--role", "service", data=data).stdout.strip()
    run(user, "add", "ann", "--role", "radiologist", "--password-stdin", data=data, typed=PASSWORD)
    run(user, "password", "ann", "--password-stdin", data=data, typed="another long password")
    answer = run(audit, "export", data=data)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["action"] for line in lines] == ["token_create", "user_create", "user_change", "audit_export"]
    assert all(line["actor"].startswith("console:") for line in lines)
    assert made not in answer.stdout
    assert "long" not in answer.stdout


def test_a_whole_audit_prints_its_head_which_a_later_check_accepts(data):
    run(token, "create", "--role", "service", data=data)
    answer = run(audit, "verify", data=data)
    assert answer.return_value == 0
    head = answer.stdout.strip()
    assert head.startswith("1:")
    run(token, "create", "--role", "service", data=data)
    assert run(audit, "verify", "--expect", head, data=data).return_value == 0
    cut = run(audit, "verify", "--expect", f"9:{'a' * 64}", data=data)
    assert cut.return_value == 1


def test_one_edited_row_makes_the_check_fail_and_is_named(data, store):
    for _ in range(3):
        run(token, "create", "--role", "service", data=data)
    with store().write() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))
    answer = run(audit, "verify", data=data)
    assert answer.return_value == 1
    assert answer.stdout == ""
    assert "line 2" in answer.stderr
    assert "edited" in answer.stderr


def test_an_export_goes_to_a_file_in_each_form_and_from_a_day_on(data, tmp_path):
    run(token, "create", "--role", "service", data=data)
    for form, word in (("jsonl", '"hash"'), ("fhir", '"AuditEvent"'), ("atna", "<AuditMessage>")):
        out = tmp_path / form
        run(audit, "export", "--format", form, "--out", str(out), data=data)
        assert word in out.read_text()
    assert run(audit, "export", "--since", "2999-01-01", data=data).stdout == ""


def test_a_folder_that_holds_no_worklist_is_told_and_not_made(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no worklist"):
        run(audit, "verify", data=tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_the_chain_holds_after_all_of_it(data, store):
    run(token, "create", "--role", "service", data=data)
    run(user, "add", "ann", "--role", "admin", "--password-stdin", data=data, typed=PASSWORD)
    assert verify(store()).whole
