"""What all tests share."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # `from databases import both`

from databases import (  # noqa: E402, F401 - fixtures
    _templates,
    database,
    database_kind,
    database_url,
    databases,
    postgres_url,
)


def shared_folder() -> Path:
    """Where the data beside the project lies, if it lies there."""
    return Path(os.environ.get("WETREAD_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder() / "data"
    if not folder.is_dir():
        pytest.skip("the data beside the project (../shared/data or $WETREAD_SHARED/data) is not here")
    return folder
