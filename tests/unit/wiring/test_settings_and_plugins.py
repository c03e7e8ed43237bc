"""Settings come from file and environment; plug-ins come through entry points; wrong ones say what is right."""

import pytest

from wetread.errors import ConfigurationError, UnknownPlugin
from wetread.plugins import DESTINATIONS, READERS, SOURCES, factory, installed
from wetread.settings import load_settings
from wetread.wiring import choose_readers, reader_rows


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WETREAD_READERS_DIR", str(tmp_path / "readers"))


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "wetread.toml").write_text("read_timeout_s = 7\nparse_timeout_s = 3\n")
    monkeypatch.setenv("WETREAD_READ_TIMEOUT_S", "9")
    settings = load_settings()
    assert (settings.read_timeout_s, settings.parse_timeout_s) == (9, 3)


@pytest.mark.parametrize(
    ("text", "word"), [("raeders = []", "raeders"), ("read_timeout_s = -1", "read_timeout_s"), ("= 3", "wetread.toml")]
)
def test_a_wrong_file_names_the_key(tmp_path, text, word):
    (tmp_path / "wetread.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=word):
        load_settings()


def test_the_built_ins_come_through_the_doors():
    assert "files" in installed(SOURCES)
    assert "embedded" in installed(READERS)
    assert "folder" in installed(DESTINATIONS)
    assert factory(READERS, "embedded")().name == "embedded"


def test_an_unknown_name_is_answered_with_the_installed_ones():
    with pytest.raises(UnknownPlugin, match="no reader called 'x'; installed: embedded"):
        factory(READERS, "x")


def test_a_reader_named_twice_is_asked_once_and_the_site_s_own_where_none_is_named():
    settings = load_settings()
    assert [reader.name for reader in choose_readers(settings, ["embedded", "embedded"]).readers] == ["embedded"]
    assert [reader.name for reader in choose_readers(settings, []).readers] == ["embedded"]


def test_a_broken_reader_in_the_folder_is_listed_with_what_is_wrong(tmp_path):
    (tmp_path / "readers" / "mine").mkdir(parents=True)
    (tmp_path / "readers" / "mine" / "card.toml").write_text("schema = 1")
    rows = {row[0]: row[3] for row in reader_rows(load_settings())}
    assert rows["embedded"] == "ready, offline"
    assert "can't be used" in rows["mine"]
