"""A site with plug-ins that toss coins: enough to see who is asked, in whose place, and what is kept of it."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # what the tests of this folder share


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """The folder of the plug-ins, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("plugin")
    about = folder / "coin_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "coin_plugin.py", folder)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: coin-plugin\nVersion: 1.0\n")
    told = ("coin = coin_plugin:Coin", "dime = coin_plugin:Dime", "broken = coin_plugin:Broken")
    (about / "entry_points.txt").write_text("\n".join(("[wetread.readers]", *told)) + "\n")
    return folder


@pytest.fixture
def clinic(database, tmp_path, plugin, monkeypatch):
    """Makes a service in this process, on both kinds of database."""
    from clinic import Clinic

    monkeypatch.syspath_prepend(plugin)
    return lambda **service: Clinic(database, tmp_path, service)
