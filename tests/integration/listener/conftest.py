import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wetread.intake.listener import Listener
from wetread.intake.spool import Spool
from wetread.settings import ListenerSettings

from .sender import House


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def open_house(root: Path | None = None, **settings: object) -> House:
        chosen = ListenerSettings.model_validate({"min_free_bytes": 0, **settings})
        spool = Spool(root or tmp_path / f"spool{len(houses)}")
        listener = Listener(spool, chosen, ("127.0.0.1", 0))
        listener.start()
        houses.append(House(listener, spool.root))
        return houses[-1]

    yield open_house
    for house in houses:
        house.listener.stop(0.0)
        assert house.is_quiet(2.0)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO, "wetread.listener")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "wetread.listener"]
