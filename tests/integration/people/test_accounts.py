"""Accounts: passwords, locks, and who may still come in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import extract_parameters
from sqlalchemy import select

from wetread.domain.people import Role
from wetread.errors import Conflict, InputError, NotFound
from wetread.settings.service import PeopleSettings
from wetread.store import passwords
from wetread.store.people import add_user, change_user, find_user, foreign_user, sign_in, user_by_id, users_of
from wetread.store.sessions import end_sessions, open_session, session_of
from wetread.store.tables import users

pytestmark = pytest.mark.usefixtures("quick_hashes")
RULES = PeopleSettings(attempts=3, lock_s=60)
GOOD = "a long enough password"
one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # no SQL of its own


@pytest.fixture
def ann(database, clock):
    return add_user(database, login="Ann", roles=[Role.RADIOLOGIST], password=GOOD, now=clock.now())


def enter(db, clock, password=GOOD, login="ann", rules=RULES):
    return sign_in(db, login=login, password=password, rules=rules, now=clock.now())


def test_the_right_password_lets_in_and_a_wrong_one_does_not(database, ann, clock):
    assert enter(database, clock) == ann
    assert enter(database, clock, "a wrong password!") is None


@one_database
def test_only_an_argon2id_hash_is_kept(database, ann):
    with database.read() as connection:
        kept = connection.execute(select(users.c.password)).scalar_one()
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept


def test_a_login_is_the_same_in_capitals_and_may_be_taken_once(database, ann, clock):
    assert enter(database, clock, login="  ANN ") == ann
    with pytest.raises(Conflict, match="taken"):
        add_user(database, login="aNN", roles=[Role.ADMIN], password=GOOD, now=clock.now())


@one_database
@pytest.mark.parametrize("login", ["", "a b", "token:x", "console:root", "a\0b", "x" * 101, "\ud800"])
def test_a_login_that_could_pass_for_something_else_is_refused(database, clock, login):
    with pytest.raises(InputError):
        add_user(database, login=login, roles=[Role.ADMIN], password=GOOD, now=clock.now())
    assert enter(database, clock, login=login) is None


@one_database
@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_password_that_is_too_short_or_too_long_is_refused(database, clock, password):
    with pytest.raises(InputError, match="12 to 1024"):
        add_user(database, login="bob", roles=[Role.ADMIN], password=password, now=clock.now())


@one_database
def test_the_same_letters_written_otherwise_are_the_same_password(database, clock):
    add_user(database, login="zoe", roles=[Role.ADMIN], password="Zoé, Zoé, Zoé", now=clock.now())
    assert enter(database, clock, "Zoe\u0301, Zoe\u0301, Zoe\u0301", login="zoe")


def test_too_many_wrong_passwords_lock_the_account_for_a_while(database, ann, clock):
    for _ in range(3):
        assert enter(database, clock, "a wrong password!") is None
    assert enter(database, clock) is None, "locked: the right one is refused too"
    clock.turn(seconds=59)
    assert enter(database, clock) is None
    clock.turn(seconds=1)
    assert enter(database, clock) == ann


@one_database
def test_the_right_password_forgives_the_wrong_ones_before(database, ann, clock):
    for _ in range(3):
        enter(database, clock, "a wrong password!")
        enter(database, clock, "a wrong password!")
        assert enter(database, clock) is not None


@one_database
def test_after_a_lock_the_count_begins_anew(database, ann, clock):
    for _ in range(3):
        enter(database, clock, "a wrong password!")
    clock.turn(seconds=60)
    enter(database, clock, "a wrong password!")
    assert enter(database, clock) is not None


def test_tries_at_once_are_no_more_than_one_after_another(database, ann, clock, monkeypatch):
    looked = []
    monkeypatch.setattr("wetread.store.people.check_password", lambda _, given: bool(looked.append(given)))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: enter(database, clock, f"guess number {n}"), range(24)))
    with database.read() as connection:
        row = connection.execute(select(users)).mappings().one()
    assert row["failures"] == 3, "the others met the lock"
    assert row["locked_until"] is not None


class Watched:
    """A hasher that remembers the parameters of what it verified."""

    def __init__(self, real):
        self.real, self.done = real, []

    def __getattr__(self, name):
        return getattr(self.real, name)

    def verify(self, kept, password):
        self.done.append(extract_parameters(kept))
        return self.real.verify(kept, password)


@one_database
def test_an_unknown_login_is_hashed_like_a_known_one(database, ann, clock, monkeypatch):
    watched = Watched(passwords.HASHER)
    monkeypatch.setattr(passwords, "HASHER", watched)
    enter(database, clock, "a wrong password!")
    enter(database, clock, "a wrong password!", login="nobody")
    known, unknown = watched.done
    assert known == unknown


@one_database
def test_nobody_comes_in_by_the_password_of_nobody(database, clock):
    assert enter(database, clock, "nobody has this password", login="nobody") is None
    foreign_user(database, subject="i s", login="fay", name="", roles=[Role.ADMIN], now=clock.now())
    assert enter(database, clock, "nobody has this password", login="fay") is None


@one_database
def test_a_hash_of_old_parameters_is_made_anew_at_the_next_login(database, ann, clock, monkeypatch):
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    assert enter(database, clock) is not None
    with database.read() as connection:
        assert "t=2" in connection.execute(select(users.c.password)).scalar_one()
    assert enter(database, clock) is not None


def session_for(db, user, clock):
    return open_session(db, user.user_id, rules=RULES, now=clock.now()).secret


def alive(db, secret, clock):
    return session_of(db, secret, rules=RULES, now=clock.now()) is not None


@pytest.mark.parametrize(
    "change", [{"roles": [Role.AUDITOR]}, {"active": False}, {"password": "another long password"}]
)
def test_new_roles_a_new_password_or_a_deactivation_end_all_sessions(database, ann, clock, change):
    secrets = [session_for(database, ann, clock) for _ in range(2)]
    change_user(database, ann.user_id, **change)
    assert not any(alive(database, secret, clock) for secret in secrets)


@one_database
def test_a_new_name_ends_no_session(database, ann, clock):
    secret = session_for(database, ann, clock)
    assert change_user(database, ann.user_id, name="Ann B.").name == "Ann B."
    assert alive(database, secret, clock)


def test_a_person_is_logged_out_everywhere_and_nobody_else_is(database, ann, clock):
    bob = add_user(database, login="bob", roles=[Role.ADMIN], password=GOOD, now=clock.now())
    hers, his = session_for(database, ann, clock), session_for(database, bob, clock)
    assert end_sessions(database, ann.user_id) == 1
    assert not alive(database, hers, clock)
    assert alive(database, his, clock)


def test_a_deactivated_account_can_not_log_in_until_it_is_active_again(database, ann, clock):
    change_user(database, ann.user_id, active=False)
    assert enter(database, clock) is None
    change_user(database, ann.user_id, active=True)
    assert enter(database, clock) is not None


@one_database
def test_a_new_password_ends_a_lock(database, ann, clock):
    for _ in range(3):
        enter(database, clock, "a wrong password!")
    change_user(database, ann.user_id, password="another long password")
    assert enter(database, clock, "another long password") is not None


def test_the_last_administrator_stays(database, clock):
    add = {"roles": [Role.ADMIN], "password": GOOD, "now": clock.now()}
    one, two = (add_user(database, login=login, **add) for login in ("one", "two"))
    change_user(database, two.user_id, active=False)
    for change in ({"active": False}, {"roles": [Role.AUDITOR]}):
        with pytest.raises(Conflict, match="last administrator"):
            change_user(database, one.user_id, **change)
    assert find_user(database, "one").active
    change_user(database, two.user_id, active=True)
    change_user(database, one.user_id, active=False)


def test_what_belongs_to_a_change_stands_or_falls_with_it(database, ann, clock):
    def fail(connection, user):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        change_user(database, ann.user_id, name="Eve", then=fail)
    with pytest.raises(RuntimeError):
        add_user(database, login="bob", roles=[Role.ADMIN], password=GOOD, now=clock.now(), then=fail)
    assert [user.name for user in users_of(database)] == [ann.name]


@one_database
def test_who_does_not_exist_is_not_found(database):
    for ask in (
        lambda: find_user(database, "bob"),
        lambda: user_by_id(database, "b"),
        lambda: change_user(database, "b"),
    ):
        with pytest.raises(NotFound):
            ask()


def vouched(db, clock, **over):
    told = {"subject": "https://id s1", "login": "fay", "name": "Fay", "roles": [Role.RADIOLOGIST]}
    return foreign_user(db, **{**told, **over}, now=clock.now())


def test_a_person_of_the_identity_provider_is_the_same_at_the_next_login(database, clock):
    first = vouched(database, clock)
    assert first.foreign
    assert vouched(database, clock, login="renamed") == first


def test_a_local_account_is_never_taken_over_by_its_login(database, ann, clock):
    fay = vouched(database, clock, login="ann")
    assert fay.user_id != ann.user_id
    assert fay.login != "ann"


def test_other_groups_at_the_provider_end_the_sessions_with_the_old_ones(database, clock):
    fay = vouched(database, clock)
    secret = session_for(database, fay, clock)
    vouched(database, clock)
    assert alive(database, secret, clock)
    assert vouched(database, clock, roles=[Role.AUDITOR]).roles == {Role.AUDITOR}
    assert not alive(database, secret, clock)


@one_database
def test_a_deactivated_person_is_not_let_in_by_the_provider(database, clock):
    change_user(database, vouched(database, clock).user_id, active=False)
    assert vouched(database, clock) is None


@one_database
def test_a_person_of_the_provider_gets_no_password_here(database, clock):
    with pytest.raises(Conflict, match="identity provider"):
        change_user(database, vouched(database, clock).user_id, password=GOOD)
