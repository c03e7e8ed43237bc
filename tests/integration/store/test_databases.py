"""The databases that other tests are given."""

from sqlalchemy import inspect, text

from databases import both
from wetread.store.database import Database, store_url
from wetread.store.tables import metadata


def test_a_test_is_given_a_store_with_every_table(database):
    assert set(metadata.tables) <= set(inspect(database.engine).get_table_names())


@both
def test_each_database_is_its_own(kind, databases, tmp_path):
    for url in (databases(kind), databases(kind)):
        store = Database(store_url(url, tmp_path))
        with store.write() as connection:
            connection.execute(text("INSERT INTO tallies (name, n) VALUES ('x', 1)"))
            assert connection.execute(text("SELECT count(*) FROM tallies")).scalar_one() == 1
        store.close()
