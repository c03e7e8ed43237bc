import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `from api_house import House`


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """argon2id as ever, with little work."""
    from argon2 import PasswordHasher

    from wetread.store import passwords

    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def house(database, tmp_path):
    """The API over a fresh store, once on SQLite and once on PostgreSQL."""
    from api_house import House

    return House(database, tmp_path)


@pytest.fixture
def small_house(databases, tmp_path):
    """The API over a fresh SQLite store."""
    from api_house import House

    from wetread.store.database import Database, store_url

    opened = Database(store_url(databases("sqlite"), tmp_path))
    yield House(opened, tmp_path)
    opened.close()


@pytest.fixture
def own_house(tmp_path):
    """The API over a fresh store where the command line finds it: `--data` is the house's data folder."""
    from api_house import House

    from wetread.settings import Settings
    from wetread.wiring.service import open_service

    service = open_service(Settings(), tmp_path / "data")
    yield House(service.database, tmp_path / "data")
    service.close()
