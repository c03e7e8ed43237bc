"""What a page weighs on a first visit, as it comes over the wire."""

from urllib.parse import urlsplit

import pytest
from viewer_house import SHOWN

KIB = 1024
LIST_BYTES = 120 * KIB
READER_BYTES = int(1.1 * 1024 * KIB)
DATA = ("/dicom-web/", "/api/")


@pytest.fixture
def weighed(page):
    """Bytes by path of everything that came, headers left out; by the browser's own count."""
    sizes = {}

    def came(request):
        if (told := request.response()) is not None and told.status == 200:
            path = urlsplit(request.url).path
            sizes[path] = sizes.get(path, 0) + request.sizes()["responseBodySize"]

    finished = []
    page.on("requestfinished", lambda request: finished.append(request))

    def total(*, data: bool):
        for request in finished:
            came(request)
        finished.clear()
        return {path: size for path, size in sizes.items() if data or not path.startswith(DATA)}

    return total


def test_the_worklist_weighs_at_most_120_kib_data_included(page, weighed):
    page.goto("/")
    page.locator("tbody tr[data-study]").first.wait_for()
    sizes = weighed(data=True)
    assert any(path.endswith(".js") for path in sizes)
    assert sum(sizes.values()) <= LIST_BYTES, sizes


def test_the_reader_weighs_at_most_1_1_mib_without_images(page, site, weighed):
    page.goto(f"/study/{site.sent['film-00003940']}")
    page.locator(SHOWN).first.wait_for()
    sizes = weighed(data=False)
    assert sum(sizes.values()) > LIST_BYTES, "the viewer was not counted"
    assert sum(sizes.values()) <= READER_BYTES, sizes


def test_what_never_changes_is_not_asked_for_twice(page):
    page.goto("/")
    page.locator("tbody tr[data-study]").first.wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request))
    page.reload()
    page.locator("tbody tr[data-study]").first.wait_for()
    fetched = [request for request in asked if "/assets/" in request.url and request.sizes()["responseBodySize"]]
    cached = [request for request in fetched if page.evaluate(
        "url => performance.getEntriesByName(url)[0]?.transferSize === 0", request.url)]  # fmt: skip
    assert fetched == cached
