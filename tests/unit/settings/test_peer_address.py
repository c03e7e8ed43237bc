"""Addresses that settings name: what must be encrypted stays so, and a wrong one is refused by its key."""

import pytest

from wetread.errors import ConfigurationError
from wetread.settings.loopback import is_loopback
from wetread.settings.peer_address import checked_url, proxy_to, token_of


def checked(url, encrypted="a report"):
    return checked_url("service.x.url", url, example="fhir", encrypted=encrypted)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_the_loopback_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "example.org", ""])
def test_what_only_looks_like_the_loopback_is_not(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "url", ["https://pacs.example/a", "http://127.0.0.1:8042/a", "http://[::1]/a", "http://localhost/a"]
)
def test_what_must_be_encrypted_goes_over_https_or_stays_here(url):
    assert str(checked(f"{url}?q=1#part")) == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://pacs.example/a", "a report is only sent over https"),
        ("http://127.0.0.1.evil.example/a", "a report is only sent over https"),
        ("https://me:word@pacs.example/", "holds a password"),
        ("ftp://pacs.example/", "starts with https:// .http:// for this machine alone"),
        ("pacs.example", "starts with https://"),
        ("https://pacs.example:port/", "can't be parsed; write https://HOST/fhir"),
    ],
)
def test_another_address_is_refused_by_its_key_and_its_password_not_repeated(url, told):
    with pytest.raises(ConfigurationError, match=rf"^service\.x\.url:? {told}") as refused:
        checked(url)
    assert "word@" not in str(refused.value)


def test_what_need_not_be_encrypted_may_go_over_http_within_the_site():
    assert checked("http://pacs.example/a", encrypted=None).host == "pacs.example"


@pytest.mark.parametrize("value", [None, "", "  ", "two words", "t\u00f6ken", "a\nb"])
def test_a_variable_without_a_token_is_refused_and_its_value_not_repeated(monkeypatch, value):
    monkeypatch.delenv("PEER_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("PEER_TOKEN", value)
    with pytest.raises(ConfigurationError, match=r"^service\.x: variable PEER_TOKEN holds no token; set it$"):
        token_of("service.x", "PEER_TOKEN")


def test_only_https_goes_through_the_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example")
    assert proxy_to(checked("https://pacs.example/")) == "http://proxy.example:3128"
    assert proxy_to(checked("https://near.example/")) is None
    assert proxy_to(checked("http://127.0.0.1/")) is None
