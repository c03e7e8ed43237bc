"""A reader is fetched by address and pin; nothing half-right is ever installed."""

import hashlib
import zipfile

import pytest
from networks import CODES, write_reader

from wetread.errors import CardInvalid, ConfigurationError
from wetread.readers import install, installed_readers


@pytest.fixture
def archive(tmp_path):
    folder = write_reader(tmp_path / "made" / "bright-two", codes=CODES)
    target = tmp_path / "reader.zip"
    with zipfile.ZipFile(target, "w") as packed:
        for name in ("card.toml", "net.onnx"):
            packed.write(folder / name, f"bright-two/{name}")
        packed.writestr("../../evil.txt", "outside")
    return target


def pin(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_archive_with_the_right_pin_is_installed_by_the_name_on_its_card(archive, tmp_path):
    card = install(str(archive), sha256=pin(archive), folder=tmp_path / "readers")
    assert card.name == "bright-two"
    assert list(installed_readers(tmp_path / "readers")) == ["bright-two"]
    assert sorted(p.name for p in (tmp_path / "readers" / "bright-two").iterdir()) == ["card.toml", "net.onnx"]
    assert not list(tmp_path.parent.glob("evil.txt"))


def test_a_wrong_pin_installs_nothing(archive, tmp_path):
    with pytest.raises(ConfigurationError, match="pinned was 000"):
        install(str(archive), sha256="0" * 64, folder=tmp_path / "readers")
    assert installed_readers(tmp_path / "readers") == {}


def test_a_bare_network_needs_its_card(archive, tmp_path):
    made = tmp_path / "made" / "bright-two"
    with pytest.raises(CardInvalid, match="--card"):
        install(str(made / "net.onnx"), sha256=pin(made / "net.onnx"), folder=tmp_path / "readers")
    card = install(
        str(made / "net.onnx"), sha256=pin(made / "net.onnx"), folder=tmp_path / "readers", card=made / "card.toml"
    )
    assert card.name in installed_readers(tmp_path / "readers")


def test_a_missing_file_or_card_is_named(archive, tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.zip"):
        install(str(tmp_path / "nowhere.zip"), sha256="0" * 64, folder=tmp_path / "readers")
    broken = tmp_path / "card.toml"
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(CardInvalid, match=r"card\.toml"):
        install(str(archive), sha256=pin(archive), folder=tmp_path / "readers", card=broken)
    assert installed_readers(tmp_path / "readers") == {}


def test_an_address_that_leads_away_from_https_is_not_followed(monkeypatch, tmp_path):
    import io
    import urllib.request

    answer = io.BytesIO(b"data")
    answer.url = "http://example.org/reader.zip"
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: answer)
    with pytest.raises(ConfigurationError, match="not https"):
        install("https://example.org/reader.zip", sha256="0" * 64, folder=tmp_path)


def test_plain_http_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="https only"):
        install("http://example.org/reader.zip", sha256="0" * 64, folder=tmp_path)


def test_a_second_install_replaces_the_first(archive, tmp_path):
    for _ in range(2):
        install(str(archive), sha256=pin(archive), folder=tmp_path / "readers")
    assert [p.name for p in (tmp_path / "readers").iterdir()] == ["bright-two"]
