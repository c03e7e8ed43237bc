"""What a request may hold, and what an answer never shows."""

import pytest
from pydantic import TypeAdapter, ValidationError

from wetread.errors import InputError
from wetread.server.app_guard import LOOPBACK
from wetread.server.serving import hosts_for
from wetread.server.site import _plain
from wetread.server.words import Line, etag_of, number_of


@pytest.mark.parametrize(("tag", "number"), [('"7"', 7), ("7", 7), ('W/"7"', 7), (None, None), ("*", None)])
def test_an_etag_is_a_rows_number(tag, number):
    assert number_of(tag) == number
    assert number_of(etag_of(41)) == 41


@pytest.mark.parametrize("tag", ["x", '"-1"', '"1", "2"', "", '"' + "9" * 30 + '"', "²"])
def test_a_tag_that_is_not_ours_is_refused(tag):
    with pytest.raises(InputError):
        number_of(tag)


@pytest.mark.parametrize("text", ["a\0", "\ud800", "", "   ", "x" * 501])
def test_a_line_is_something_that_any_database_keeps(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Line).validate_python(text)


@pytest.mark.parametrize(
    ("host", "hosts"), [("127.0.0.1", LOOPBACK), ("localhost", LOOPBACK), ("::1", LOOPBACK), ("0.0.0.0", None)]
)
def test_only_a_server_of_the_loopback_is_picky_about_its_name(host, hosts):
    assert hosts_for(host) == hosts


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:secret@db:5432/x?password=secret", "postgresql://db"),
        ("https://hooks.example/T/secret", "https://hooks.example"),
        ("secret", "(set, not shown)"),
        ("http://[secret", "(set, not shown)"),
        (None, None),
    ],
)
def test_of_an_address_that_may_hold_a_secret_only_its_host_is_shown(address, shown):
    told = _plain({"database": address, "alerts": [{"webhook_url": address}], "secret_env": "NAME"})
    assert told == {"database": shown, "alerts": [{"webhook_url": shown}], "secret_env": "NAME"}
