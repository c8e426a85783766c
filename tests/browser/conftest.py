"""A real Chromium before a portal that really runs, with a worker and a mail server.

    portal     the running portal (tests/live.py), shared by the tests of one process; each test makes people
               of its own
    window     opens a browser window: window(person, width=390, script=False) -> Playwright page

A window notes what its console says. At the end of a test nothing may be there, except the browser's own
lines about answers 401, 409 and 422, and no request may have gone to another host.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from portal.people.models import Person
from tests.conftest import Databases
from tests.databases import SqliteFiles
from tests.live import LivePortal
from tests.postbox import Postbox

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-dev-shm-usage",
)
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of (401|409|422) ")
PAUSE = 10_000
LATER = ("[phone]", "[wide, no script]", "[admin]", "[member]", "forms_sent_empty[staff]")
"""Left to make test-all: sizes between the two ends, an administrator, who sees what staff see, an employee
without a pair, who sees less than one with, and all of staff's many forms.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.name.endswith(LATER):
                item.add_marker(pytest.mark.everything)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[LivePortal]:
    """The portal, running."""
    folder = tmp_path_factory.mktemp("portal")
    template = databases.of("sqlite")
    assert isinstance(template, SqliteFiles)
    shutil.copyfile(template.template, folder / "portal.db")
    postbox = Postbox()
    postbox.start()
    live = LivePortal(folder, postbox)
    try:
        yield live.start()
    finally:
        live.stop()
        postbox.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser: CHROMIUM names it, else one is looked for, else it is Playwright's own."""
    found = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


class Watch:
    """What went wrong in the windows of a test."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.expected: tuple[str, ...] = ()
        self.problems: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Listen to all pages of a context."""
        context.on("console", self.hear)
        context.on("weberror", lambda error: self.problems.append(f"error in a script: {error.error}"))
        context.on("request", lambda request: self.see(request.url))

    def hear(self, message: ConsoleMessage) -> None:
        """Note a line of the console that should not be there."""
        wanted = EXPECTED.search(message.text) or any(each in message.text for each in self.expected)
        if message.type in ("error", "warning", "assert") and not wanted:
            where = message.location.get("url", "")
            self.problems.append(f"console: {message.text} ({where})")

    def see(self, url: str) -> None:
        """Note a request to another host."""
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.host:
            self.problems.append(f"asked of another host: {url}")


@pytest.fixture
def window(chromium: Browser, portal: LivePortal) -> Iterator[Callable[..., Page]]:
    """Opens windows."""
    watch = Watch(urlsplit(portal.url).netloc)
    contexts: list[BrowserContext] = []

    def open_window(
        person: Person | None = None,
        *,
        width: int = 1280,
        script: bool = True,
        expected: tuple[str, ...] = (),
    ) -> Page:
        watch.expected += expected
        context = chromium.new_context(
            base_url=portal.url,
            viewport={"width": width, "height": 900 if width > 600 else 720},
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PAUSE)
        contexts.append(context)
        watch.over(context)
        if person is not None:
            context.add_cookies([portal.cookie_of(person)])  # type: ignore[list-item]  # a plain dict is what it takes
        return context.new_page()

    said = len(portal.log)
    yield open_window
    for context in contexts:
        context.close()
    print(portal.log[said:])
    assert watch.problems == []
