"""Where requests go and with which key: nothing leaves in the clear, and no key is ever told."""

import pytest

from wetread.errors import ConfigurationError
from wetread.readers.vision.place import address_of, check_address, endpoint_of, key_of
from wetread.settings import VisionSettings

KEY = "sk-" + "a" * 32


def settings(**more):
    return VisionSettings.model_validate({"kind": "vision", "provider": "openai", "model_id": "gpt-4.1", **more})


@pytest.mark.parametrize("dialect", ["holysheep", "openrouter"])
def test_a_reseller_is_one_whatever_the_settings_say(dialect):
    row = settings(provider="openai-compatible", base_url="https://gate.example/v1", dialect=dialect)
    assert endpoint_of("shop", row).reseller


def test_an_address_on_site_may_speak_plainly_and_one_beyond_may_not():
    check_address("local", settings(base_url="http://127.0.0.1:8000/v1"))
    check_address("pacs", settings(base_url="http://10.1.2.3/v1", on_site=True))
    with pytest.raises(ConfigurationError, match="https"):
        check_address("away", settings(base_url="http://api.example/v1"))


def test_a_password_in_an_address_is_refused_without_repeating_it():
    with pytest.raises(ConfigurationError) as caught:
        check_address("x", settings(base_url="https://user:hunter2@api.example/v1"))
    assert "hunter2" not in str(caught.value)


def test_the_address_is_the_providers_own_where_none_is_named(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example")
    assert address_of(settings()) == "https://api.openai.com/v1"


def test_a_key_comes_from_the_variable_or_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert key_of("gpt", settings()) == KEY
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    assert key_of("gpt", settings(api_key_file=path)) == KEY


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        key_of("gpt", settings(api_key_file=path))


@pytest.mark.parametrize("bad", ["sk-short", "Bearer " + KEY, KEY + "\u200b", "AIza" + "b" * 35])
def test_a_key_of_the_wrong_form_is_told_without_the_key(monkeypatch, bad):
    monkeypatch.setenv("OPENAI_API_KEY", bad)
    with pytest.raises(ConfigurationError) as caught:
        key_of("gpt", settings())
    assert bad not in str(caught.value)
    assert "OPENAI_API_KEY" in str(caught.value)


def test_no_key_is_an_error_beyond_the_site_and_none_on_it(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is empty"):
        key_of("gpt", settings())
    assert key_of("local", settings(base_url="http://127.0.0.1:8000/v1")) is None
