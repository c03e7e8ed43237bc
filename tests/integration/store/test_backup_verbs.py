"""`wetread backup` and `wetread restore` as somebody at the console uses them."""

import pytest

from stored import NOON, incoming, placed
from wetread.cli.backup import backup, restore
from wetread.domain.arrival import Way
from wetread.errors import ConfigurationError, RecordInvalid
from wetread.intake.spool import Spool, is_closed, objects_in
from wetread.store.audit import append
from wetread.store.blobs import open_blobs
from wetread.store.database import Database, store_url
from wetread.store.listing import totals
from wetread.store.schema import migrate


@pytest.fixture
def house(database_kind, databases, tmp_path):
    """A data folder with a study, something in the spool, rules and two lines of audit; its `--database`."""
    data = tmp_path / "data"
    data.mkdir()
    url = databases("postgresql", empty=True) if database_kind == "postgresql" else None
    database = Database(store_url(url, data))
    migrate(database)
    sha256, _ = open_blobs(None, data / "blobs").put_bytes(b"object")
    placed(database, incoming(instance_facts={"blob": sha256}))
    Spool(data / "spool").open(Way.C_STORE, peer="CT").add(b"on its way")
    (data / "rules.toml").write_text("# ours")
    for number in range(2):
        append(database, actor="a", roles=(), action="start", object=f"x/{number}", outcome="success", now=NOON)
    yield data, url, database
    database.close()


def test_a_backup_restores_the_whole_house(house, databases, tmp_path, capsys):
    data, url, _ = house
    backup(to=tmp_path / "b.tar", data=data, database=url)
    new = tmp_path / "new"
    other = databases("postgresql", empty=True) if url else None
    restore(tmp_path / "b.tar", data=new, database=other)
    restored = Database(store_url(other, new))
    assert totals(restored) == {(True, "receiving", None): 1}
    restored.close()
    assert (new / "rules.toml").read_text() == "# ours"
    (arrival,) = Spool(new / "spool").arrivals()
    assert [path.read_bytes() for path in objects_in(arrival)] == [b"on its way"]
    assert is_closed(arrival)
    assert len(list(open_blobs(None, new / "blobs").all())) == 1
    assert "the audit is whole: 2 lines" in capsys.readouterr().err
    with pytest.raises(ConfigurationError, match="a store already"):
        restore(tmp_path / "b.tar", data=new, database=other)


def test_an_audit_that_was_changed_before_is_told(house, tmp_path):
    data, url, database = house
    with database.write() as connection:
        drop = "audit_no_update" if database.is_sqlite else "audit_no_change ON audit"
        connection.exec_driver_sql(f"DROP TRIGGER {drop}")
        connection.exec_driver_sql("UPDATE audit SET actor = 'eve' WHERE seq = 1")
    backup(to=tmp_path / "b.tar", data=data, database=url)
    with pytest.raises(RecordInvalid, match="its audit was changed before"):
        restore(tmp_path / "b.tar", data=tmp_path / "new")


def test_a_folder_without_a_store_is_not_made_one(tmp_path):
    with pytest.raises(ConfigurationError, match="no store to back up"):
        backup(to=tmp_path / "b.tar", data=tmp_path)
    assert list(tmp_path.iterdir()) == []
