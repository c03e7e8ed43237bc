"""A store that an earlier schema's code filled is read by today's."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select, text

from stored import NOON, incoming, name_of, placed
from wetread.store import schema
from wetread.store.audit import verify
from wetread.store.blobs import FolderBlobs
from wetread.store.database import Database, store_url
from wetread.store.listing import Filters, page, traces
from wetread.store.restore import restore_backup
from wetread.store.tables import metadata, studies

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "store").glob("backup_*.tar"))
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("studies", sa.Column("colour", sa.Text(), nullable=True))
    op.execute("UPDATE studies SET colour = 'grey' WHERE open")
"""


@pytest.fixture
def restored(database_kind, databases, tmp_path):
    def restore(backup):
        opened = Database(store_url(databases(database_kind, empty=True), tmp_path))
        restore_backup(backup, opened, FolderBlobs(tmp_path / "blobs"), folder=tmp_path / "data", now=NOON)
        made.append(opened)
        return opened

    made = []
    yield restore
    for opened in made:
        opened.close()


def test_every_schema_has_a_store_that_its_own_code_filled():
    revisions = {script.revision for script in schema._scripts().walk_revisions()}
    assert revisions == {path.stem.removeprefix("backup_") for path in GOLDEN}, "run tests/golden/store/make.py"


@pytest.mark.parametrize("backup", GOLDEN, ids=lambda path: path.stem)
def test_a_store_of_each_schema_is_migrated_with_every_row_and_lives_on(restored, backup, tmp_path):
    store = restored(backup)
    assert schema.schema_version(store) == schema.newest_version()
    with store.read() as connection:
        for table in metadata.sorted_tables:
            connection.execute(select(table)).all()  # each value as the code's types want it
    shown = page(store, filters=Filters())
    assert {row["status"] for row in shown.rows} == {"queued", "receiving", "signed"}
    assert shown.total == 3
    assert verify(store).lines == 3
    assert FolderBlobs(tmp_path / "blobs").local_path(name_of("one/1")).read_bytes() == b"one/1"
    answer = placed(store, incoming("two", 7))
    assert answer.reopened
    assert [line["kind"] for line in traces(store, answer.study_id)][-1] == "reopened"


def test_the_next_revision_is_tested_by_adding_it_alone(restored, tmp_path, monkeypatch):
    folder = tmp_path / "migrations"
    shutil.copytree(schema.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "r9000_next.py").write_text(NEXT.format(head=schema.newest_version()))
    monkeypatch.setattr(schema, "FOLDER", folder)
    store = restored(GOLDEN[-1])
    assert schema.schema_version(store) == "9000"
    with store.read() as connection:
        found = connection.execute(text("SELECT open, colour FROM studies ORDER BY open")).all()
        assert [tuple(row) for row in found] == [(0, None), (1, "grey"), (1, "grey")]
        assert len(connection.execute(select(studies)).all()) == 3
