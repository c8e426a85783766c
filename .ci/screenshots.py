"""The README's pictures: the demo company, started afresh, photographed in Chromium. `make screenshots` runs this."""

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

from portal.demo import SIGN_INS

OUT = Path("docs/screenshots")
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
STAFF, JUNIOR = SIGN_INS[0], SIGN_INS[1]


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


def shoot(page: Page, path: str, name: str) -> None:
    """Photograph `path` as docs/screenshots/<name>.png."""
    page.goto(path)
    save(page, name)


def save(page: Page, name: str) -> None:
    """Photograph the page as it is, once its fonts are there."""
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(150)
    page.screenshot(path=OUT / f"{name}.png")


def take_all(browser: Browser, address: str) -> None:
    """Every picture of the README."""
    with visit(browser, address, DESK) as page:
        shoot(page, "/join", "join")
        sign_in(page, STAFF.email, STAFF.password)
        page.goto("/people")
        page.get_by_role("link", name="Edit").nth(2).click()
        page.locator("tr.editing").wait_for()
        save(page, "people")
    with visit(browser, address, DESK) as page:
        sign_in(page, JUNIOR.email, JUNIOR.password)
        shoot(page, "/join/1/teach", "teach")
    with visit(browser, address, PHONE, "dark") as page:
        sign_in(page, JUNIOR.email, JUNIOR.password)
        shoot(page, "/", "home-phone-dark")


def main() -> None:
    """Start the demo, take the pictures, stop it."""
    OUT.mkdir(parents=True, exist_ok=True)
    options = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=options)
        take_all(browser, address)
        browser.close()
    print(f"Pictures are in {OUT}/")


if __name__ == "__main__":
    main()
