import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `from ordering import Ris`
sys.path.insert(0, str(Path(__file__).parents[1] / "server"))  # `from api_house import House`


@pytest.fixture
def ris(database, tmp_path):
    """An ordering system in front of a fresh store, once on SQLite and once on PostgreSQL."""
    from ordering import Ris

    return Ris(database, tmp_path)


@pytest.fixture
def small_ris(databases, tmp_path):
    """The same on SQLite only."""
    from ordering import Ris

    from wetread.store.database import Database, store_url

    opened = Database(store_url(databases("sqlite"), tmp_path))
    yield Ris(opened, tmp_path)
    opened.close()
