"""Fixtures of the pages' tests: one service for a session, a browser for a module, a fresh context for each test."""

import pytest
from panel_site import desk, panel  # noqa: F401 - fixtures
from playwright.sync_api import expect
from reading_room import BUILT, Site, Watch, log_in, new_context, open_browser

expect.set_options(timeout=20_000)  # what should be there is waited for, also where the machine is busy


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A service with the demo studies read: `site.sent["film-00003940"]` is a study_id."""
    if not BUILT.is_file():
        pytest.skip("the pages are not built: scripts/build-web (needs node)")
    from importlib.resources import files

    import wetread.demo_studies as demo

    made = Site.start(tmp_path_factory.mktemp("site"))
    try:
        for path in sorted(files(demo).iterdir()):
            if path.name.endswith((".dcm", ".jpg")):
                made.sent[path.name.partition(".")[0]] = made.upload(path)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def browsers(playwright):
    """A browser for each lane: "cpu", "gpu"."""
    opened = {lane: open_browser(playwright, lane) for lane in ("cpu", "gpu")}
    yield opened
    for one in opened.values():
        one.close()


@pytest.fixture
def watch(site):
    made = Watch(site.url)
    yield made
    made.check()


@pytest.fixture
def context(browser, site, watch):
    """A radiologist's browser window; every page that is opened in it is watched."""
    made = new_context(browser, site)
    made.on("page", watch.on)
    log_in(made, site)
    yield made
    made.close()


@pytest.fixture
def page(context):
    return context.new_page()
