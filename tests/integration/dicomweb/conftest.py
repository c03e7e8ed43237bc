import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `from dicomweb_house import House`

from dicomweb_house import opened


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One server a module: its tests bring their own studies."""
    yield from opened(tmp_path_factory.mktemp("house"))
