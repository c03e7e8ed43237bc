"""Readers for tests, built once."""

import pytest
from networks import CODES, write_reader


@pytest.fixture(scope="session")
def bright_reader(tmp_path_factory):
    return write_reader(tmp_path_factory.mktemp("readers") / "bright", codes=CODES)
