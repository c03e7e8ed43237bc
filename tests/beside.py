"""Where the data beside the project lies."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def shared_folder() -> Path:
    """Where the data beside the project lies, if it lies there."""
    return Path(os.environ.get("WETREAD_SHARED", ROOT.parent / "shared"))
