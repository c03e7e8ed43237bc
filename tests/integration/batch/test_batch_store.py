"""What a batch keeps and what it refuses, without a flow."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from wetread.domain.read import Abstention, Answer, ReaderIdentity
from wetread.errors import ConfigurationError
from wetread.settings import Settings
from wetread.store.change import add_study
from wetread.store.records import to_record
from wetread.store.tables import reads, studies
from wetread.testing.studies import finding, read
from wetread.wiring.batching import open_batch
from wetread.worklist.batch_rows import budget_refusal, progress, try_again

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ONE = "1" * 32
BROKE = Abstention(
    reader=ReaderIdentity(name="paid", version="1", fingerprint="p"),
    reason="no money",
    code="budget_spent",
    failed=True,
)


def add(database, study_id, *answers, status="reported"):
    row = {"ref": f"st-{study_id[:12]}", "header": {}, "arrived_at": NOW, "last_arrival_at": NOW, "why": []}
    with database.write() as connection:
        moments = {"deadline": NOW, "lift_at": NOW}
        add_study(
            connection, now=NOW, study_id=study_id, status=status, version=1, generation=1, readers=[], **row, **moments
        )
        for answer in answers:
            kept = {"read_id": f"{study_id[:8]}{answer.reader.name}", "study_id": study_id, "version": 1, "at": NOW}
            connection.execute(
                insert(reads).values(
                    **kept,
                    reader=answer.reader.name,
                    fingerprint=answer.reader.fingerprint,
                    body=to_record(Answer, answer),
                    answered=not isinstance(answer, Abstention),
                    cost_usd=0.5,
                )
            )


def test_a_study_that_one_reader_refused_for_money_is_read_again_and_the_other_one_not_paid_again(database):
    add(database, ONE, read(finding("wr:pneumothorax", "present", 0.9), name="free"), BROKE)
    add(database, "2" * 32, read(finding("wr:pneumothorax", "present", 0.9), name="free"))
    assert progress(database).is_over
    assert budget_refusal(database, since=NOW) == "no money"
    assert try_again(database, now=NOW) == 1
    with database.read() as connection:
        row = connection.execute(select(studies).where(studies.c.study_id == ONE)).mappings().one()
        again = connection.execute(select(reads).where(reads.c.study_id == ONE, reads.c.version == 2)).mappings().all()
    assert (row["status"], row["version"], row["generation"]) == ("queued", 2, 2)
    assert [(one["reader"], one["cost_usd"]) for one in again] == [("free", None)]
    assert (progress(database).waiting, progress(database).done) == (1, 1)
    assert try_again(database, now=NOW) == 0


@pytest.fixture
def opened(tmp_path):
    for name in ("films", "others"):
        (tmp_path / name).mkdir()

    def enter(folder="films", readers=("embedded",), resume=False):
        settings = Settings(data_dir=tmp_path / "data")
        return open_batch(
            settings, tmp_path / folder, tmp_path / "out", readers=readers, budget_usd=2.0, resume=resume
        )  # fmt: skip

    return enter


def test_the_spending_of_a_batch_is_counted_under_one_name_in_the_sites_own_ledger(opened, tmp_path):
    with opened() as first:
        run = first.equipment.run
    with opened(resume=True) as second:
        assert second.equipment.run == run
        assert second.equipment.settings.data_dir == tmp_path / "data"
        assert second.equipment.settings.budget_usd_per_run == 2.0


@pytest.mark.parametrize(("other", "told"), [({"folder": "others"}, "films"), ({"readers": ("x",)}, "embedded")])
def test_a_folder_of_results_belongs_to_one_batch(opened, other, told):
    with opened():
        pass
    with pytest.raises(ConfigurationError, match="belongs to another batch") as refused, opened(**other):
        pass
    assert told in str(refused.value)


def test_a_batch_runs_once_at_a_time(opened):
    with opened(), pytest.raises(ConfigurationError, match="a batch runs there already"), opened():
        pass
