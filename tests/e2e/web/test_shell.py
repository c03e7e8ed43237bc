"""What holds on every page: served without node, quiet, never off its host."""

import urllib.error
import urllib.request

import pytest


def test_the_pages_are_served_by_the_service_itself(page):
    page.goto("/")
    page.get_by_role("heading", name="Worklist").wait_for()
    assert "Research use only" in page.locator(".banner").inner_text()


def test_an_address_with_dots_is_a_page_and_a_missing_file_is_none(site):
    told = urllib.request.urlopen(f"{site.url}/study/1.2.840.113619")
    assert told.headers["content-type"].startswith("text/html")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{site.url}/assets/none.js")
