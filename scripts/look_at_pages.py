"""Look at a service's pages in a real browser: `python scripts/look_at_pages.py URL LOG`. LOG holds its setup code.

Sets the service up with the demo studies as its first visitor would, opens the worklist and one study, and fails on
anything that the console says.
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

PATIENCE_MS = 60_000
ROWS = "tbody tr[data-study]"


def set_up(page: Page, url: str, code: str) -> None:
    """Make the first account and let the demo studies come."""
    page.goto(url)
    page.wait_for_url("**/setup")
    page.get_by_label("Code").fill(code)
    page.get_by_label("Login").fill("first")
    page.get_by_label("Name (optional)").fill("First Visitor")
    for field in page.locator("input[type=password]").all():
        field.fill("a-long-night-of-films")
    page.get_by_label("example studies").check()
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(url + "/")


def main() -> int:
    """Look; 0 where all was well."""
    url, log = sys.argv[1].rstrip("/"), Path(sys.argv[2]).read_text(encoding="utf-8")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        print("no Chromium is here: the pages of the wheel were not looked at", file=sys.stderr)
        return 0
    code = re.search(r"^setup .*code (\S+)", log, re.MULTILINE)
    assert code, f"the service printed no setup code:\n{log}"
    said: list[str] = []
    with sync_playwright() as started:
        page = started.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"]).new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda problem: said.append(str(problem)))
        page.set_default_timeout(PATIENCE_MS)
        set_up(page, url, code.group(1))
        expect(page.locator(ROWS)).to_have_count(6, timeout=PATIENCE_MS)
        page.locator(ROWS).filter(has_text="DX").first.get_by_role("link").first.click()
        page.wait_for_url("**/study/*")
        page.locator("[data-state=shown]").first.wait_for()
    print("\n".join(said) or "the pages of the wheel work")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
