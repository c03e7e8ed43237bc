"""What the imaging tests share: phantoms and pictures as instances."""

import pytest

from wetread.testing import phantoms
from wetread.testing.references import instance_of


@pytest.fixture
def stored(tmp_path):
    """Write a phantom and give its instance."""

    def store(dataset, name="image.dcm"):
        return instance_of(phantoms.write(dataset, tmp_path / name), dataset)

    return store


@pytest.fixture
def picture(tmp_path):
    """Write picture bytes and give their instance."""

    def store(data, name="picture"):
        path = tmp_path / name
        path.write_bytes(data)
        return instance_of(path)

    return store
