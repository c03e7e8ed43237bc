"""A picture of each page, for the documentation and for whoever wants to look: no page is empty, none breaks."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from reading_room import log_in, new_context
from viewer_house import SHOWN

SIZE = {"width": 1440, "height": 810}
COLOURS = 96  # a page of text and grey films needs no more; the pictures stay small


def ready_reader(page):
    page.locator(SHOWN).first.wait_for()


PAGES = {
    "worklist": ("/", lambda page: page.locator("tbody tr[data-study]").first.wait_for()),
    "reader": ("/study/{film}", ready_reader),
    "compare": ("/study/{film}/compare", lambda page: page.get_by_role("table").first.wait_for()),
    "print": ("/study/{film}/report", lambda page: page.get_by_text("PRELIMINARY").first.wait_for()),
    "operations": ("/operations", lambda page: page.get_by_role("table").first.wait_for()),
    "evaluation": ("/evaluation", lambda page: page.get_by_role("heading").nth(1).wait_for()),
    "settings": ("/settings", lambda page: page.get_by_role("heading").nth(1).wait_for()),
    "about": ("/about", lambda page: page.get_by_role("heading").nth(1).wait_for()),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    wanted = os.environ.get("WETREAD_SCREENSHOTS")
    made = Path(wanted) if wanted else tmp_path_factory.mktemp("screens")
    made.mkdir(parents=True, exist_ok=True)
    return made


def shoot(page, path):
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        return picture.convert("L").histogram()


@pytest.mark.parametrize("name", PAGES)
def test_each_page_shows_something_and_is_pictured(browser, site, watch, folder, name):
    context = new_context(browser, site, viewport=SIZE)
    context.on("page", watch.on)
    log_in(context, site, "chief")
    page = context.new_page()
    address, ready = PAGES[name]
    page.goto(address.format(film=site.sent["film-00012975"]))
    ready(page)
    page.wait_for_function("() => !document.body.innerText.includes('Loading')")
    told = shoot(page, folder / f"{name}.png")
    assert sum(count > 0 for count in told) > 20, "the page is all of one colour"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the window"
    context.close()
