"""The audit's chain: what it refuses, what it notices, and that many writers make one chain."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from databases import both
from wetread.errors import InputError
from wetread.store.audit import GENESIS, Head, append, append_in, head, verify
from wetread.store.audit_search import AuditFilters, audit_lines, audit_page
from wetread.store.database import Database, store_url

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def say(db, n, **over):
    line = {"actor": "ann", "roles": ["radiologist"], "action": "study_view", "object": f"study/{n}"}
    return append(db, **{**line, "outcome": "success", "now": NOW + timedelta(seconds=n), "n": n, **over})


@pytest.fixture
def chain(database):
    for n in range(1, 8):
        say(database, n)
    return database


def tamper(db, *statements):
    """What somebody with the database's own rights can do: first take the guards away, then change rows."""
    with db.write() as connection:
        dropped = (
            ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"]
            if db.is_sqlite
            else ["DROP TRIGGER IF EXISTS audit_no_change ON audit"]
        )
        for statement in (*dropped, *statements):
            connection.execute(text(statement))


def test_a_chain_that_nobody_touched_is_whole(chain):
    verdict = verify(chain)
    assert verdict.whole
    assert verdict.lines == 7
    assert verdict.head == head(chain)


def test_an_empty_audit_is_whole(database):
    assert verify(database).head == Head(seq=0, hash=GENESIS)


EDITS = {
    "actor": "'eve'",
    "roles": "'admin'",
    "action": "'search'",
    "object": "'study/9'",
    "outcome": "'refused'",
    "address": "'10.0.0.9'",
    "data": "'{}'",
    "at": "at + 1",
    "hash": f"'{'a' * 64}'",
    "previous": f"'{'a' * 64}'",
}


def test_one_edited_column_breaks_the_chain_and_is_named(chain):
    for column, value in EDITS.items():
        keep = f"CREATE TABLE kept AS SELECT {column} AS old FROM audit WHERE seq = 4"
        tamper(chain, keep, f"UPDATE audit SET {column} = {value} WHERE seq = 4")
        verdict = verify(chain)
        assert verdict.broken_at == 4, column
        assert "edited" in verdict.why
        assert verdict.lines == 3
        tamper(chain, f"UPDATE audit SET {column} = (SELECT old FROM kept) WHERE seq = 4", "DROP TABLE kept")
        assert verify(chain).whole


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["CAST(x'ff00ff' AS TEXT)", "x'ff00ff'", "7", "'a' || char(0)"])
def test_a_line_that_is_no_text_any_more_is_named(chain, value):
    for column in ("actor", "data", "hash", "object"):
        tamper(chain, f"UPDATE audit SET {column} = {value} WHERE seq = 4")
        assert verify(chain).broken_at == 4


def test_a_removed_line_is_named(chain):
    tamper(chain, "DELETE FROM audit WHERE seq = 4")
    verdict = verify(chain)
    assert verdict.broken_at == 4
    assert "removed" in verdict.why


def test_lines_that_changed_places_are_named(chain):
    swap = ["UPDATE audit SET seq = 99 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 5"]
    tamper(chain, *swap, "UPDATE audit SET seq = 5 WHERE seq = 99")
    assert verify(chain).broken_at == 3


def test_an_inserted_line_is_named(chain):
    copied = "at, actor, roles, action, object, outcome, address, data, previous, hash"
    tamper(chain, f"INSERT INTO audit (seq, {copied}) SELECT 8, {copied} FROM audit WHERE seq = 2")
    assert verify(chain).broken_at == 8


def test_a_line_resealed_after_an_edit_betrays_itself_in_the_next(chain):
    import hashlib

    with chain.read() as connection:
        row = dict(connection.execute(text("SELECT * FROM audit WHERE seq = 4")).mappings().one())
    row["actor"] = "eve"
    told = json.dumps({key: row[key] for key in row if key != "hash"}, sort_keys=True, separators=(",", ":"))
    tamper(chain, f"UPDATE audit SET actor='eve', hash='{hashlib.sha256(told.encode()).hexdigest()}' WHERE seq=4")
    verdict = verify(chain)
    assert verdict.broken_at == 5
    assert "does not follow line 4" in verdict.why


def test_lines_cut_off_the_end_are_noticed_with_a_head_written_down(chain):
    before = head(chain)
    tamper(chain, "DELETE FROM audit WHERE seq > 5")
    assert verify(chain).whole, "alone, a shorter chain is whole"
    verdict = verify(chain, expect=before)
    assert verdict.broken_at == 6
    assert "cut off" in verdict.why


def test_a_chain_made_anew_from_the_start_is_noticed_with_a_head_written_down(chain):
    before = Head.parse(str(head(chain)))
    tamper(chain, "DELETE FROM audit")
    for n in range(1, 10):
        say(chain, n, actor="eve")
    assert verify(chain).whole
    assert verify(chain, expect=before).broken_at == 7


def test_a_head_that_was_passed_since_still_fits(chain):
    before = head(chain)
    say(chain, 8)
    assert verify(chain, expect=before).whole


@pytest.mark.parametrize("told", ["", "7", "7:abc", f"x:{GENESIS}", f"7:{GENESIS}0", f"²:{GENESIS}"])
def test_a_head_that_is_none_is_refused(told):
    with pytest.raises(InputError, match="SEQ:HASH"):
        Head.parse(told)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_itself_refuses_to_change_or_remove_a_line(chain, statement):
    if chain.is_sqlite and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DBAPIError, match="append-only"), chain.write() as connection:
        connection.execute(text(statement))
    assert verify(chain).lines == 7


def test_a_line_inside_a_transaction_that_fails_is_not_there(chain):
    line = {"actor": "ann", "roles": (), "action": "sign", "object": "study/1", "outcome": "success"}

    def sign_and_fail():
        with chain.write() as connection:
            append_in(connection, now=NOW, line=line)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        sign_and_fail()
    assert verify(chain).lines == 7
    say(chain, 8)
    assert verify(chain).whole, "no number is left out"


def test_foreign_text_can_not_break_a_line(chain):
    say(chain, 8, actor="a\0b\ud800" * 100, address="x" * 500, what="\0\ud800", when=NOW)
    verdict = verify(chain)
    assert verdict.whole
    entry, *_ = audit_page(chain, AuditFilters())[0]
    assert len(entry.actor) == 128
    assert entry.data["what"] == "\0\ud800"


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from wetread.store.audit import append
from wetread.store.database import Database, store_url
db = Database(store_url(sys.argv[1], Path(".")))
line = {"roles": (), "action": "search", "object": "worklist", "outcome": "success"}
for n in range(20):
    append(db, actor=sys.argv[2], **line, now=datetime.now(UTC))
"""


@both
def test_writers_in_several_processes_make_one_chain(kind, databases, tmp_path):
    url = databases(kind)
    db = Database(store_url(url, tmp_path))
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, f"w{n}"]) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    verdict = verify(db)
    assert verdict.whole
    assert verdict.lines == 60
    db.close()


def test_pages_go_back_in_time_without_gaps_or_doubles(chain):
    first, following = audit_page(chain, AuditFilters(), limit=3)
    second, then = audit_page(chain, AuditFilters(), before=following, limit=3)
    third, end = audit_page(chain, AuditFilters(), before=then, limit=3)
    assert [entry.seq for entry in (*first, *second, *third)] == [7, 6, 5, 4, 3, 2, 1]
    assert end is None


def test_filters_take_only_what_they_say(chain):
    say(chain, 8, actor="bob", action="sign", outcome="failed")
    assert [e.seq for e in audit_page(chain, AuditFilters(actor="bob"))[0]] == [8]
    assert [e.seq for e in audit_page(chain, AuditFilters(action="sign"))[0]] == [8]
    assert [e.seq for e in audit_page(chain, AuditFilters(object="study/3"))[0]] == [3]
    assert [e.seq for e in audit_page(chain, AuditFilters(outcome="failed"))[0]] == [8]
    since, until = NOW + timedelta(seconds=2), NOW + timedelta(seconds=4)
    assert [e.seq for e in audit_lines(chain, AuditFilters(since=since, until=until))] == [2, 3]


def test_a_line_comes_back_as_it_was_said(chain):
    entry = next(audit_lines(chain, AuditFilters()))
    assert (entry.actor, entry.roles, entry.object, entry.data) == ("ann", ("radiologist",), "study/1", {"n": 1})
    assert entry.at == NOW + timedelta(seconds=1)
    assert entry.previous == GENESIS
