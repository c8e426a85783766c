"""The README's pictures: the demo company in the middle of its season, started afresh, photographed in
Chromium.

`make screenshots` runs this.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from portal.demo.load import SIGN_INS

OUT = Path("docs/screenshots")
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
STAFF, SENIOR = SIGN_INS[0], SIGN_INS[2]


@contextmanager
def demo() -> Iterator[str]:
    """The portal with its demo company on a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        portal = Path(sys.executable).with_name("portal")
        process = subprocess.Popen(
            [portal, "serve", "--demo", "--port", str(port)], env={**os.environ, "PORTAL_INSTANCE": folder}
        )
        try:
            address = f"http://localhost:{port}"
            wait_until_ready(address)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def wait_until_ready(address: str) -> None:
    """Return once /readyz says 200; raises TimeoutError after a minute."""
    for _ in range(240):
        try:
            if urllib.request.urlopen(f"{address}/readyz").status == 200:  # noqa: S310  # our own, on this machine
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.25)
    raise TimeoutError("the demo did not become ready")


@contextmanager
def visit(browser: Browser, address: str, size: dict[str, int], scheme: str = "light") -> Iterator[Page]:
    """A fresh browser window of the given size."""
    context = browser.new_context(
        base_url=address, viewport=size, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Berlin"
    )
    yield context.new_page()
    context.close()


def sign_in(page: Page, who: str, password: str) -> None:
    """Sign in as one of the demo's people."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def save(page: Page, name: str) -> None:
    """Photograph the page as it is, once its fonts are there, as docs/screenshots/<name>.png."""
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(150)
    page.screenshot(path=OUT / f"{name}.png")


def shoot(page: Page, path: str, name: str) -> None:
    """Photograph the page at `path`."""
    page.goto(path)
    save(page, name)


def wait_until_written(page: Page) -> None:
    """Return once the worker has written the reader's calendar; fails after half a minute."""
    for _ in range(60):
        page.goto("/calendars")
        if page.get_by_text("Last written").count():
            return
        page.wait_for_timeout(500)
    raise TimeoutError("the senior's calendar was not written to")


def take_seniors(browser: Browser, address: str) -> None:
    """What the senior sees: the next check-in, the pair's page, and the calendar that is written to."""
    with visit(browser, address, DESK) as page:
        sign_in(page, SENIOR.email, SENIOR.password)
        wait_until_written(page)
        shoot(page, "/", "home")
        page.get_by_role("link", name="Open your page").click()
        page.get_by_role("heading", name="When you meet").wait_for()
        save(page, "pair")
    with visit(browser, address, PHONE, "dark") as page:
        sign_in(page, SENIOR.email, SENIOR.password)
        shoot(page, "/", "home-phone-dark")
        shoot(page, "/calendars", "calendars-phone-dark")


def take_staffs(browser: Browser, address: str) -> None:
    """What staff see: a draft that is being edited, and what publishing would send."""
    with visit(browser, address, DESK) as page:
        sign_in(page, STAFF.email, STAFF.password)
        page.goto("/pairings/board?show=draft")
        page.get_by_role("link", name="Edit").first.click()
        page.locator("tr.editing").wait_for()
        save(page, "board")
        page.get_by_role("link", name="Publish").click()
        page.locator("main summary").first.click()
        save(page, "publish")


def take_changes(browser: Browser, address: str) -> None:
    """What staff see before they change the plan: what every other mentor would cost, and what other weights
    would.
    """
    with visit(browser, address, DESK) as page:
        sign_in(page, STAFF.email, STAFF.password)
        page.goto("/pairings/board?show=draft")
        page.get_by_role("link", name="Edit").first.click()
        page.get_by_role("link", name="Compare all mentors").click()
        page.get_by_role("searchbox", name="Find a mentor").wait_for(timeout=60_000)
        page.locator("tr.editing .prices").evaluate("element => element.scrollIntoView()")
        save(page, "prices")
        page.goto("/pairings/bench")
        page.get_by_label("Interests", exact=True).fill("40")
        page.get_by_label("Other department", exact=True).fill("26")
        page.get_by_role("button", name="Try it").first.click()
        page.get_by_role("heading", name="Who moves").first.wait_for(timeout=60_000)
        save(page, "bench")


def main() -> None:
    """Start the demo, take the pictures, stop it."""
    OUT.mkdir(parents=True, exist_ok=True)
    options = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=options)
        take_seniors(browser, address)
        take_staffs(browser, address)
        take_changes(browser, address)
        browser.close()
    print(f"Pictures are in {OUT}/")


if __name__ == "__main__":
    main()
