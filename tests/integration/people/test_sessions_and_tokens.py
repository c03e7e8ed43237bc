"""Sessions of people and tokens of programs: what opens a door, for how long, and what is kept of it."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from wetread.domain.people import Role
from wetread.errors import InputError, NotFound
from wetread.settings.service import PeopleSettings
from wetread.store.people import add_user
from wetread.store.sessions import csrf_of, end_session, open_session, session_of
from wetread.store.tables import sessions, tokens
from wetread.store.tokens import add_token, holder_of_token, revoke_token, tokens_of

pytestmark = pytest.mark.usefixtures("quick_hashes")
one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # no SQL of its own
RULES = PeopleSettings(session_idle_s=1800, session_longest_s=12 * 3600)


@pytest.fixture
def ann(database, clock):
    return add_user(database, login="ann", roles=[Role.RADIOLOGIST], password="a long enough password", now=clock.now())


@pytest.fixture
def opened(database, ann, clock):
    return open_session(database, ann.user_id, rules=RULES, now=clock.now())


def look(db, secret, clock):
    return session_of(db, secret, rules=RULES, now=clock.now())


def test_a_session_knows_its_person(database, ann, opened, clock):
    caller = look(database, opened.secret, clock).caller
    assert (caller.name, caller.user_id, caller.roles, caller.token_id) == ("ann", ann.user_id, ann.roles, None)


@one_database
def test_neither_secret_nor_csrf_token_is_kept(database, opened):
    with database.read() as connection:
        kept = str(connection.execute(select(sessions)).mappings().one())
    assert len(opened.secret) == 43
    assert opened.secret not in kept
    assert opened.csrf not in kept


@one_database
def test_what_is_kept_opens_nothing(database, opened, clock):
    with database.read() as connection:
        kept = connection.execute(select(sessions.c.session_id)).scalar_one()
    assert look(database, kept, clock) is None
    assert look(database, "", clock) is None


@one_database
def test_every_session_has_a_secret_of_its_own(database, ann, clock):
    made = [open_session(database, ann.user_id, rules=RULES, now=clock.now()) for _ in range(5)]
    assert len({one.secret for one in made}) == len({one.csrf for one in made}) == 5


@one_database
def test_a_session_accepts_only_its_own_csrf_token(database, ann, opened, clock):
    other = open_session(database, ann.user_id, rules=RULES, now=clock.now())
    session = look(database, opened.secret, clock)
    assert session.accepts(opened.csrf)
    assert session.accepts(csrf_of(opened.secret))
    assert not any(session.accepts(wrong) for wrong in ("", other.csrf, opened.secret, session.csrf, "é\udc80"))


def test_a_silent_session_ends_and_a_used_one_goes_on(database, opened, clock):
    for _ in range(4):
        clock.turn(minutes=29)
        assert look(database, opened.secret, clock) is not None
    clock.turn(minutes=30)
    assert look(database, opened.secret, clock) is None


@one_database
def test_a_session_ends_at_last_however_much_it_is_used(database, opened, clock):
    for _ in range(12 * 3 - 1):
        clock.turn(minutes=20)
        assert look(database, opened.secret, clock) is not None
    clock.turn(minutes=20)
    assert look(database, opened.secret, clock) is None


def test_an_ended_session_opens_nothing(database, opened, clock):
    end_session(database, look(database, opened.secret, clock).caller.session_id)
    assert look(database, opened.secret, clock) is None


def test_sessions_that_have_ended_are_cleared_away(database, ann, opened, clock):
    clock.turn(minutes=31)
    open_session(database, ann.user_id, rules=RULES, now=clock.now())
    with database.read() as connection:
        assert len(connection.execute(select(sessions)).all()) == 1


def writes_of(db, work):
    counted = []

    def count(connection, cursor, statement, *_):
        counted.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    work()
    event.remove(db.engine, "before_cursor_execute", count)
    return [one for one in counted if one.startswith("UPDATE")]


def test_looking_writes_at_most_once_a_minute(database, opened, clock):
    text, _ = add_token(database, role=Role.SERVICE, by="ann", now=clock.now())
    holder_of_token(database, text, now=clock.now())

    def use():
        for _ in range(10):
            look(database, opened.secret, clock)
            holder_of_token(database, text, now=clock.now())

    assert writes_of(database, use) == []
    clock.turn(seconds=60)
    assert len(writes_of(database, use)) == 2


def test_a_token_opens_what_its_role_may_until_it_is_revoked(database, clock):
    text, token = add_token(database, role=Role.SERVICE, label="PACS", by="ann", now=clock.now())
    caller = holder_of_token(database, text, now=clock.now() + timedelta(days=9999))
    assert (caller.name, caller.roles, caller.token_id) == ("token:PACS", {Role.SERVICE}, token.token_id)
    revoke_token(database, token.token_id, now=clock.now())
    assert holder_of_token(database, text, now=clock.now()) is None


@one_database
def test_a_token_has_256_bits_and_is_not_kept(database, clock):
    text, _ = add_token(database, role=Role.SERVICE, by="ann", now=clock.now())
    assert text.startswith("wr_")
    assert len(text) == 46
    with database.read() as connection:
        assert text not in str(connection.execute(select(tokens)).mappings().one())


@one_database
def test_a_token_with_days_ends(database, clock):
    text, _ = add_token(database, role=Role.SERVICE, by="ann", days=2, now=clock.now())
    assert holder_of_token(database, text, now=clock.turn(days=2) - timedelta(seconds=1))
    assert holder_of_token(database, text, now=clock.now()) is None


@one_database
@pytest.mark.parametrize("text", ["", "wr_", "wr_" + "x" * 43, "x" * 46, "wr_" + "é" * 43, "wr_" + "\0" * 43])
def test_what_is_no_token_opens_nothing(database, clock, text):
    add_token(database, role=Role.SERVICE, by="ann", now=clock.now())
    assert holder_of_token(database, text, now=clock.now()) is None


@one_database
@pytest.mark.parametrize("days", [0, -1, 10**9])
def test_a_token_can_not_last_a_senseless_time(database, clock, days):
    with pytest.raises(InputError, match="can't last"):
        add_token(database, role=Role.SERVICE, by="ann", days=days, now=clock.now())


def test_tokens_are_listed_with_their_last_use(database, clock):
    text, _ = add_token(database, role=Role.SERVICE, label="old", by="ann", now=clock.now())
    add_token(database, role=Role.AUDITOR, label="new", by="ann", now=clock.turn(minutes=1))
    holder_of_token(database, text, now=clock.turn(minutes=1))
    assert [(token.label, token.seen_at) for token in tokens_of(database)] == [("new", None), ("old", clock.now())]


@one_database
def test_a_token_that_does_not_exist_can_not_be_revoked(database, clock):
    with pytest.raises(NotFound, match="token list"):
        revoke_token(database, "nothing", now=clock.now())


@one_database
def test_revoking_again_keeps_the_first_moment(database, clock):
    _, token = add_token(database, role=Role.SERVICE, by="ann", now=clock.now())
    first = revoke_token(database, token.token_id, now=clock.now()).revoked_at
    assert revoke_token(database, token.token_id, now=clock.turn(days=1)).revoked_at == first
