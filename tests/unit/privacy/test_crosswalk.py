"""The crosswalk: finds what was noted, holds no plain text, and notices whatever else was done to it."""

import secrets
import shutil
import sqlite3
import stat
import threading

import pytest

from wetread.errors import ConfigurationError, RecordInvalid

pytest.importorskip("cryptography", reason="the crosswalk needs the extra interop")

from wetread.privacy.deidentify.crosswalk import Crosswalk, Entry

KEY = bytes(range(32))
PAIRS = [
    ("patient_id", "00482913", "P7KQ2"),
    ("name", "Mustermann^Erika", "Anon^7KQ2"),
    ("name", "山田^太郎", "Anon^9ABC"),
    ("study_uid", "1.2.840.1.99", "2.25.123"),
    ("accession", "A-118823", "RXYZ"),
]


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "keys" / "crosswalk"
    with Crosswalk.open(made, KEY) as crosswalk:
        for pair in PAIRS:
            crosswalk.note(*pair)
    return made


def changed(path, statement, *values):
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(("kind", "original", "pseudonym"), PAIRS)
def test_a_pair_is_found_by_its_pseudonym_in_a_later_run(path, kind, original, pseudonym):
    with Crosswalk.open(path, KEY) as crosswalk:
        assert crosswalk.lookup(f" {pseudonym} ") == Entry(kind, original, pseudonym)


def test_a_pseudonym_that_was_never_made_stands_for_nobody(path):
    with Crosswalk.open(path, KEY) as crosswalk:
        assert crosswalk.lookup("P0000") is None
        assert crosswalk.lookup("00482913") is None


def test_many_runs_add_to_it_and_the_same_pair_is_kept_once(path):
    for number in range(3):
        with Crosswalk.open(path, KEY) as crosswalk:
            crosswalk.note(*PAIRS[0])
            crosswalk.note("patient_id", f"MRN-{number}", f"Q{number}")
    with Crosswalk.open(path, KEY) as crosswalk:
        assert crosswalk.verify() == len(PAIRS) + 3
        assert crosswalk.lookup("Q1") == Entry("patient_id", "MRN-1", "Q1")


def test_two_spellings_may_share_a_pseudonym(path):
    with Crosswalk.open(path, KEY) as crosswalk:
        crosswalk.note("name", "MUSTERMANN^ERIKA", "Anon^7KQ2")
        told = [entry.original for entry in crosswalk.entries_of("Anon^7KQ2")]
    assert told == ["Mustermann^Erika", "MUSTERMANN^ERIKA"]


def test_nothing_noted_can_be_read_in_the_file_or_beside_it(path):
    with Crosswalk.open(path, KEY) as crosswalk:
        crosswalk.note("name", "Unsaved^Person", "Anon^1")
        crosswalk.save()
        held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for _, original, pseudonym in (*PAIRS, ("name", "Unsaved^Person", "Anon^1")):
        for told in (original, pseudonym):
            for charset in ("utf-8", "utf-16-le"):
                assert told.encode(charset) not in held
    assert b"patient_id" not in held
    assert KEY not in held


def test_only_its_owner_can_open_the_file(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Crosswalk.open(path, KEY)


def test_another_key_is_said_to_be_another_key(path):
    with pytest.raises(ConfigurationError, match="another key"):
        Crosswalk.open(path, secrets.token_bytes(32))


def test_a_lookup_does_not_make_a_file(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be opened"):
        Crosswalk.open(tmp_path / "none", KEY, make=False)
    assert not (tmp_path / "none").exists()


CHANGES = {
    "a removed pair": "DELETE FROM pairs WHERE number = 2",
    "a count made to fit": "UPDATE head SET pairs = pairs - 1",
    "another head": "UPDATE head SET total = zeroblob(32)",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
def test_a_changed_file_is_noticed_when_it_is_opened(path, statement):
    changed(path, statement)
    with pytest.raises(RecordInvalid, match="changed by something else"):
        Crosswalk.open(path, KEY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pairs SET sealed = zeroblob(80) WHERE number = 1",
        "UPDATE pairs SET sealed = (SELECT sealed FROM pairs WHERE number = 2) WHERE number = 1",
    ],
)
def test_a_changed_pair_is_an_error_and_never_somebody_else(path, statement):
    changed(path, statement)
    with Crosswalk.open(path, KEY) as crosswalk:
        with pytest.raises(RecordInvalid):
            crosswalk.lookup("P7KQ2")
        with pytest.raises(RecordInvalid):
            crosswalk.verify()
        assert crosswalk.lookup("RXYZ").original == "A-118823"


def test_a_pair_replaced_by_an_earlier_one_is_noticed(path):
    changed(path, "DELETE FROM pairs WHERE number = 5")
    changed(path, "INSERT INTO pairs SELECT 5, place, zeroblob(32), sealed FROM pairs WHERE number = 1")
    with Crosswalk.open(path, KEY) as crosswalk, pytest.raises(RecordInvalid):
        crosswalk.verify()


@pytest.mark.parametrize("content", [b"no database, but long enough to look like one" * 40, b"SQLite format 3\0" * 300])
def test_a_file_of_something_else_is_a_clear_error(tmp_path, content):
    path = tmp_path / "crosswalk"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises((RecordInvalid, ConfigurationError), match=r"crosswalk"):
        Crosswalk.open(path, KEY)


def test_a_run_that_fails_keeps_what_it_had_saved(path):
    def fail():
        with Crosswalk.open(path, KEY, together=10) as crosswalk:
            crosswalk.note("patient_id", "SAVED", "S1")
            crosswalk.save()
            crosswalk.note("patient_id", "LOST", "S2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with Crosswalk.open(path, KEY) as crosswalk:
        assert crosswalk.lookup("S1") is not None
        assert crosswalk.lookup("S2") is None
        assert crosswalk.verify() == len(PAIRS) + 1


def test_a_pair_is_on_the_disk_before_anything_with_the_pseudonym_can_leave(path):
    crosswalk = Crosswalk.open(path, KEY)
    crosswalk.note("patient_id", "DURABLE", "D1")
    with Crosswalk.open(path, KEY) as other:
        assert other.lookup("D1").original == "DURABLE"
    crosswalk.close()


def test_runs_at_the_same_time_lose_nothing(path):
    def run(number):
        with Crosswalk.open(path, KEY) as crosswalk:
            for step in range(5):
                crosswalk.note("patient_id", f"{number}-{step}", f"T{number}-{step}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Crosswalk.open(path, KEY) as crosswalk:
        assert crosswalk.verify() == len(PAIRS) + 20


def test_what_another_run_notes_while_the_file_is_opened_is_no_change_by_something_else(path, monkeypatch):
    def another():
        with Crosswalk.open(path, KEY) as crosswalk:
            crosswalk.note("patient_id", "MEANWHILE", "M1")

    noting, seen = threading.Thread(target=another), Crosswalk._head

    def head(self):
        told = seen(self)
        if threading.current_thread() is not noting and noting.ident is None:
            noting.start()
            noting.join(0.5)
        return told

    monkeypatch.setattr(Crosswalk, "_head", head)
    with Crosswalk.open(path, KEY) as crosswalk:
        noting.join()
        assert crosswalk.lookup("M1").original == "MEANWHILE"
        assert crosswalk.verify() == len(PAIRS) + 1


def test_many_thousand_pairs_are_found_and_two_files_of_one_key_share_no_hash(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    with Crosswalk.open(first, KEY, together=5000) as crosswalk:
        for number in range(20_000):
            crosswalk.note("patient_id", f"MRN{number}", f"P{number}")
        assert crosswalk.lookup("P19999").original == "MRN19999"
    with Crosswalk.open(second, KEY) as crosswalk:
        crosswalk.note("patient_id", "MRN1", "P1")
    shutil.copy(first, tmp_path / "copy")
    marks = []
    for path in (tmp_path / "copy", second):
        with sqlite3.connect(path) as connection:
            marks.append({row[0] for row in connection.execute("SELECT place FROM pairs")})
        connection.close()
    assert not marks[0] & marks[1]
