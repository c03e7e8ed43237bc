"""What all tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def shared_folder() -> Path:
    """Where the data beside the project lies, if it lies there."""
    return Path(os.environ.get("WETREAD_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder() / "data"
    if not folder.is_dir():
        pytest.skip("the data beside the project (../shared/data or $WETREAD_SHARED/data) is not here")
    return folder
