"""What all tests share."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # `from databases import both`

from beside import shared_folder  # noqa: E402
from databases import (  # noqa: E402, F401 - fixtures
    _templates,
    database,
    database_kind,
    database_url,
    databases,
    postgres_url,
)
from wetread.privacy import ocr  # noqa: E402

REAL_PARTS = (ROOT / "tests/integration", ROOT / "tests/e2e")  # processes, sockets, browsers, disks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI a test among real parts that fails is asked once more, afresh; the summary names it (`-rR`)."""
    if os.environ.get("CI") == "true":
        for item in items:
            if any(item.path.is_relative_to(folder) for folder in REAL_PARTS):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder() / "data"
    if not folder.is_dir():
        pytest.skip("the data beside the project (../shared/data or $WETREAD_SHARED/data) is not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _a_core_each() -> None:
    """Test processes that run side by side look for text with one thread each: they share the cores already."""
    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        ocr.THREADS = 1
